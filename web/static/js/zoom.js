/** A picture one can go into: wheel, pinch, double click and keys zoom, dragging pans, a swipe turns the page. */

const MOST = 12; // times the size that fits
const LARGEST_FIT = 2; // a small picture is shown at twice its size at most: more is only blur
const KEY_STEP = 1.4;
const SWIPE_PIXELS = 60;
const TAP_PIXELS = 8;
const DOUBLE_TAP_MS = 300;
const WHEEL_SPEED = 0.004;

const between = (low, value, high) => Math.max(low, Math.min(high, value));

/** The size at which a picture fits into a place, in pixels. */
export function fitted({ width, height }, room) {
  const scale = Math.min(room.width / width, room.height / height, LARGEST_FIT);
  return { width: width * scale, height: height * scale };
}

/**
 * Zooms `frame` within `stage`. What is shown has a size in pixels of its own, given by show().
 * `hears` are onSwipe("left" | "right" | "down") and onZoom(scale).
 */
export class Zoom {
  scale = 1;
  #stage;
  #frame;
  #hears;
  #picture = null; // {width, height}: its own pixels
  #offset = { x: 0, y: 0 }; // of the frame's middle from the stage's
  #held = new Map(); // fingers
  #start = null; // where a single finger went down
  #lastTap = { at: -Infinity, x: 0, y: 0 };

  constructor(stage, frame, hears) {
    this.#stage = stage;
    this.#frame = frame;
    this.#hears = hears;
    stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    stage.addEventListener("pointerup", (event) => this.#up(event));
    stage.addEventListener("pointercancel", (event) => this.#held.delete(event.pointerId));
    new ResizeObserver(() => this.#look(this.scale, this.#offset.x, this.#offset.y)).observe(stage);
  }

  /** Another picture, whole. */
  show(picture) {
    this.#picture = picture;
    this.reset();
  }

  reset() {
    this.#look(1, 0, 0);
  }

  /** Closer by so many steps, or farther. */
  step(steps) {
    this.#zoomAt(KEY_STEP ** steps, { x: 0, y: 0 });
  }

  pan(x, y) {
    this.#look(this.scale, this.#offset.x + x, this.#offset.y + y);
  }

  /** From whole to full size, each of its pixels one of the screen's, and back. */
  toggle(at = { x: 0, y: 0 }) {
    if (this.scale > 1) this.reset();
    else this.#zoomAt(Math.max(2, (this.#picture?.width ?? 0) / this.#fit().width), at);
  }

  #fit() {
    const room = { width: this.#stage.clientWidth, height: this.#stage.clientHeight };
    return this.#picture ? fitted(this.#picture, room) : room;
  }

  #look(scale, x, y) {
    const fit = this.#fit();
    this.scale = between(1, scale, MOST);
    const roomX = Math.max(0, (fit.width * this.scale - this.#stage.clientWidth) / 2);
    const roomY = Math.max(0, (fit.height * this.scale - this.#stage.clientHeight) / 2);
    this.#offset = { x: between(-roomX, x, roomX), y: between(-roomY, y, roomY) };
    const { style } = this.#frame;
    style.width = `${fit.width}px`;
    style.height = `${fit.height}px`;
    style.transform = `translate(-50%, -50%) translate(${this.#offset.x}px, ${this.#offset.y}px) scale(${this.scale})`;
    this.#hears.onZoom(this.scale);
  }

  /** Zooms so that what is under this point stays under it. */
  #zoomAt(times, at) {
    const next = between(1, this.scale * times, MOST);
    const real = next / this.scale;
    this.#look(next, at.x - (at.x - this.#offset.x) * real, at.y - (at.y - this.#offset.y) * real);
  }

  /** Where on the stage, from its middle. */
  #place({ clientX, clientY }) {
    const box = this.#stage.getBoundingClientRect();
    return { x: clientX - box.left - box.width / 2, y: clientY - box.top - box.height / 2 };
  }

  #wheel(event) {
    event.preventDefault();
    this.#zoomAt(Math.exp(-between(-120, event.deltaY, 120) * WHEEL_SPEED), this.#place(event));
  }

  #down(event) {
    if (event.button !== 0 || event.target.closest("button, a")) return;
    this.#stage.setPointerCapture(event.pointerId);
    this.#held.set(event.pointerId, event);
    this.#start = this.#held.size === 1 ? event : null;
  }

  #move(event) {
    const before = this.#held.get(event.pointerId);
    if (!before) return;
    const other = [...this.#held.values()].find((finger) => finger.pointerId !== event.pointerId);
    this.#held.set(event.pointerId, event);
    if (other) {
      const apart = (finger) => Math.hypot(finger.clientX - other.clientX, finger.clientY - other.clientY);
      this.#zoomAt(apart(event) / Math.max(1, apart(before)), this.#place(event));
    } else if (this.scale > 1) this.pan(event.clientX - before.clientX, event.clientY - before.clientY);
  }

  #up(event) {
    const alone = this.#held.delete(event.pointerId) && this.#held.size === 0 && this.#start !== null;
    if (!alone) return;
    const [x, y] = [event.clientX - this.#start.clientX, event.clientY - this.#start.clientY];
    if (Math.hypot(x, y) < TAP_PIXELS) this.#tap(event);
    else if (this.scale === 1 && event.pointerType === "touch") this.#swipe(x, y);
  }

  #tap({ clientX: x, clientY: y, timeStamp: at }) {
    const last = this.#lastTap;
    const twice = at - last.at < DOUBLE_TAP_MS && Math.hypot(x - last.x, y - last.y) < 30;
    this.#lastTap = twice ? { at: -Infinity, x, y } : { at, x, y };
    if (twice) this.toggle(this.#place({ clientX: x, clientY: y }));
  }

  #swipe(x, y) {
    if (Math.abs(x) > SWIPE_PIXELS && Math.abs(x) > Math.abs(y)) this.#hears.onSwipe(x < 0 ? "left" : "right");
    else if (y > SWIPE_PIXELS) this.#hears.onSwipe("down");
  }
}
