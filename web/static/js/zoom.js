/** A picture one can go into: wheel, pinch, double click and keys zoom, dragging pans, a swipe turns the page. */

const MOST = 12; // times the size that fits
const KEY_STEP = 1.4;
const SWIPE_PIXELS = 60;
const TAP_PIXELS = 8;
const DOUBLE_TAP_MS = 300;

/**
 * @param {HTMLElement} stage what the picture fills when it fits; it gets the pointer's events
 * @param {{onSwipe: (way: "left" | "right" | "down") => void, onZoom: (scale: number) => void}} hears
 * @returns {{element: (img) => void, reset(), step(times: number), toggle(), pan(x, y), scale: () => number}}
 */
export function zoomable(stage, { onSwipe, onZoom }) {
  let shown = null;
  let scale = 1;
  let offset = { x: 0, y: 0 }; // of the picture's middle from the stage's, in pixels
  const held = new Map();
  let start = null;
  let lastTap = { at: 0, x: 0, y: 0 };

  /** How large the picture is at this scale: it is fitted into the stage, never enlarged for that. */
  function size() {
    const { naturalWidth: width = 1, naturalHeight: height = 1 } = shown ?? {};
    const fit = Math.min(stage.clientWidth / (width || 1), stage.clientHeight / (height || 1));
    return { width: width * fit * scale, height: height * fit * scale };
  }

  function look(next, x, y) {
    scale = Math.max(1, Math.min(MOST, next));
    const { width, height } = size();
    const [roomX, roomY] = [
      Math.max(0, (width - stage.clientWidth) / 2),
      Math.max(0, (height - stage.clientHeight) / 2),
    ];
    offset = { x: Math.max(-roomX, Math.min(roomX, x)), y: Math.max(-roomY, Math.min(roomY, y)) };
    if (shown) shown.style.transform = scale === 1 ? "" : `translate(${offset.x}px, ${offset.y}px) scale(${scale})`;
    stage.classList.toggle("zoomed", scale > 1);
    onZoom(scale);
  }

  /** Where on the stage, from its middle. */
  function from({ clientX, clientY }) {
    const box = stage.getBoundingClientRect();
    return { x: clientX - box.left - box.width / 2, y: clientY - box.top - box.height / 2 };
  }

  /** Zooms so that what is under this point stays under it. */
  function zoomAt(times, at = { x: 0, y: 0 }) {
    const next = Math.max(1, Math.min(MOST, scale * times));
    const real = next / scale;
    look(next, at.x - (at.x - offset.x) * real, at.y - (at.y - offset.y) * real);
  }

  function toggle(at) {
    if (scale > 1) return look(1, 0, 0);
    const fit = size().width / (shown?.naturalWidth || 1);
    return zoomAt(Math.max(2, Math.min(MOST, 1 / fit)), at);
  }

  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      zoomAt(Math.exp(-Math.max(-120, Math.min(120, event.deltaY)) * 0.004), from(event));
    },
    { passive: false },
  );

  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.target.closest("button, a")) return;
    stage.setPointerCapture(event.pointerId);
    held.set(event.pointerId, event);
    start = held.size === 1 ? event : null;
  });

  stage.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId);
    if (!before) return;
    const other = [...held.values()].find((touch) => touch.pointerId !== event.pointerId);
    held.set(event.pointerId, event);
    if (other) {
      const apart = (touch) => Math.hypot(touch.clientX - other.clientX, touch.clientY - other.clientY);
      zoomAt(apart(event) / Math.max(1, apart(before)), from(event));
    } else if (scale > 1) {
      look(scale, offset.x + event.clientX - before.clientX, offset.y + event.clientY - before.clientY);
    }
  });

  stage.addEventListener("pointerup", (event) => {
    const alone = held.delete(event.pointerId) && held.size === 0 && start !== null;
    if (!alone) return;
    const [x, y] = [event.clientX - start.clientX, event.clientY - start.clientY];
    if (Math.hypot(x, y) < TAP_PIXELS) tapped(event);
    else if (scale === 1 && event.pointerType === "touch") swiped(x, y);
  });
  stage.addEventListener("pointercancel", (event) => held.delete(event.pointerId));

  function tapped(event) {
    const near = Math.hypot(event.clientX - lastTap.x, event.clientY - lastTap.y) < 30;
    const twice = near && event.timeStamp - lastTap.at < DOUBLE_TAP_MS;
    lastTap = twice ? { at: 0, x: 0, y: 0 } : { at: event.timeStamp, x: event.clientX, y: event.clientY };
    if (twice) toggle(from(event));
  }

  function swiped(x, y) {
    if (Math.abs(x) > SWIPE_PIXELS && Math.abs(x) > Math.abs(y)) onSwipe(x < 0 ? "left" : "right");
    else if (y > SWIPE_PIXELS) onSwipe("down");
  }

  return {
    element(img) {
      shown = img;
      look(1, 0, 0);
    },
    /** The same view of another rendering of the same picture. */
    follow(img) {
      shown = img;
      look(scale, offset.x, offset.y);
    },
    reset: () => look(1, 0, 0),
    step: (times) => zoomAt(KEY_STEP ** times),
    pan: (x, y) => look(scale, offset.x + x, offset.y + y),
    toggle,
    scale: () => scale,
  };
}
