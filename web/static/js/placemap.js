/** A small map of the world with the places of the pictures: land from a file of ours, nothing from the net. */

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";

const SVG = "http://www.w3.org/2000/svg";
const KM_PER_DEGREE = 111.32;
const WIDEST = 360;
const NARROWEST = 0.2; // degrees of longitude across the map
const RATIO = 0.56; // height by width

let land = null;

/** The outline of all land as one SVG path, in degrees, north up. */
async function landPath() {
  land ??= fetch(new URL("../map/land.json", import.meta.url))
    .then((answer) => answer.json())
    .then(({ rings }) => rings.map(ringPath).join(""));
  return land;
}

function ringPath(ring) {
  const points = [];
  for (let i = 0; i < ring.length; i += 2) points.push(`${ring[i] / 10} ${-ring[i + 1] / 10}`);
  return `M${points.join("L")}Z`;
}

const svg = (name, attributes = {}) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};

/**
 * @param {{onPick: (place) => void, onPoint: (latitude, longitude) => void}} options a place of the list, or any point
 * @returns {{element, show(places, near)}} `places` as POST /facets gives them, `near` the chosen circle or null
 */
export function placeMap({ onPick, onPoint }) {
  const ground = svg("path", { class: "map-land", "vector-effect": "non-scaling-stroke" });
  const circle = svg("ellipse", { class: "map-near", "vector-effect": "non-scaling-stroke" });
  const dots = svg("g");
  const picture = svg("svg", { class: "map-picture", "aria-hidden": "true", preserveAspectRatio: "xMidYMid slice" });
  picture.append(ground, circle, dots);
  const zoomed = (factor) => () => zoom(factor);
  const element = make(
    "div",
    { class: "map" },
    picture,
    make(
      "div",
      { class: "map-buttons" },
      make(
        "button",
        { type: "button", class: "icon-button", "aria-label": t("filters.map_in"), onclick: zoomed(0.5) },
        icon("plus"),
      ),
      make(
        "button",
        { type: "button", class: "icon-button", "aria-label": t("filters.map_out"), onclick: zoomed(2) },
        icon("minus"),
      ),
    ),
  );
  let view = { x: -180, y: -75, width: WIDEST };
  let places = [];
  let fitted = false;
  landPath().then((path) => ground.setAttribute("d", path));

  function zoom(factor, at = { x: view.x + view.width / 2, y: view.y + (view.width * RATIO) / 2 }) {
    const width = Math.max(NARROWEST, Math.min(WIDEST, view.width * factor));
    const real = width / view.width;
    look({ x: at.x - (at.x - view.x) * real, y: at.y - (at.y - view.y) * real, width });
  }

  function look({ x, y, width }) {
    const height = width * RATIO;
    view = { x: Math.max(-180, Math.min(180 - width, x)), y: Math.max(-90, Math.min(90 - height, y)), width };
    picture.setAttribute("viewBox", `${view.x} ${view.y} ${width} ${height}`);
    const unit = width / (picture.clientWidth || 320); // degrees a pixel
    for (const dot of dots.children) dot.setAttribute("r", Number(dot.dataset.pixels) * unit);
  }

  const pointOf = (event) => {
    const box = picture.getBoundingClientRect();
    return {
      x: view.x + ((event.clientX - box.left) / box.width) * view.width,
      y: view.y + ((event.clientY - box.top) / box.height) * view.width * RATIO,
    };
  };

  picture.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      zoom(Math.exp(Math.max(-100, Math.min(100, event.deltaY)) * 0.005), pointOf(event));
    },
    { passive: false },
  );

  const held = new Map();
  let moved = 0;
  picture.addEventListener("pointerdown", (event) => {
    if (!held.size) moved = 0;
    held.set(event.pointerId, event);
    picture.setPointerCapture(event.pointerId);
  });
  picture.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId);
    if (!before) return;
    const [from, to] = [pointOf(before), pointOf(event)];
    const other = [...held.values()].find((touch) => touch.pointerId !== event.pointerId);
    moved += Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY);
    held.set(event.pointerId, event);
    if (other) {
      const apart = (touch) => Math.hypot(touch.clientX - other.clientX, touch.clientY - other.clientY);
      zoom(apart(before) / Math.max(1, apart(event)), pointOf(other));
    } else if (moved > 4) look({ ...view, x: view.x + from.x - to.x, y: view.y + from.y - to.y });
  });
  const release = (event) => {
    if (held.delete(event.pointerId) && !held.size && moved <= 4 && event.type === "pointerup") press(event);
  };
  picture.addEventListener("pointerup", release);
  picture.addEventListener("pointercancel", release);

  function press(event) {
    const at = pointOf(event);
    const reach = (14 * view.width) / picture.clientWidth; // fourteen pixels: a finger
    const distance = (place) => Math.hypot(place.longitude - at.x, -place.latitude - at.y);
    const nearest = [...places].sort((one, other) => distance(one) - distance(other))[0];
    if (nearest && distance(nearest) <= reach) onPick(nearest);
    else onPoint(-at.y, at.x);
  }

  function fit(points) {
    if (!points.length) return look(view);
    const [xs, ys] = [points.map((place) => place.longitude), points.map((place) => -place.latitude)];
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const width = Math.min(WIDEST, Math.max(3, (right - left) * 1.25, ((bottom - top) * 1.35) / RATIO));
    look({ x: (left + right - width) / 2, y: (top + bottom - width * RATIO) / 2, width });
  }

  return {
    element,
    show(next, near) {
      places = next;
      const most = Math.max(1, ...places.map((place) => place.count));
      dots.replaceChildren(
        ...places.map((place) => {
          const dot = svg("circle", { class: "map-dot", cx: place.longitude, cy: -place.latitude });
          dot.dataset.pixels = String(4 + 8 * Math.sqrt(place.count / most));
          return dot;
        }),
      );
      circle.toggleAttribute("hidden", !near);
      if (near) {
        const across = near.radius_km / KM_PER_DEGREE;
        const narrowing = Math.max(0.01, Math.cos((near.latitude * Math.PI) / 180));
        const at = { cx: near.longitude, cy: -near.latitude, rx: across / narrowing, ry: across };
        for (const [key, value] of Object.entries(at)) circle.setAttribute(key, value);
      }
      if (fitted) return look(view);
      fitted = places.length > 0;
      return fit(places);
    },
  };
}
