/** A small map of the world with the places of the pictures: land from a file of ours, nothing from the net. */

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";

const SVG = "http://www.w3.org/2000/svg";
const KM_PER_DEGREE = 111.32;
const WIDEST = 360; // degrees of longitude across the map
const NARROWEST = 0.2;
const RATIO = 0.56; // height by width
const FINGER_PIXELS = 14;
const KEY_STEP = 0.1; // of what is seen
const STILL_PIXELS = 4; // a press that moved no farther is no drag

const between = (low, value, high) => Math.max(low, Math.min(high, value));

let land = null;

/** The outline of all land as one SVG path, in degrees, south down. */
function landPath() {
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

function svg(name, attributes = {}) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** It only shows and hears: what is chosen by a press is said to `hears`, onPick(place) or onPoint(latitude, longitude). */
export class PlaceMap {
  #hears;
  #view = { x: -180, y: -75, width: WIDEST }; // degrees, y down
  #places = [];
  #isFitted = false;
  #held = new Map(); // fingers
  #moved = 0;

  constructor(hears) {
    this.#hears = hears;
    const thin = { "vector-effect": "non-scaling-stroke" };
    const ground = svg("path", { class: "map-land", ...thin });
    this.circle = svg("ellipse", { class: "map-near", ...thin });
    this.dots = svg("g");
    this.picture = svg("svg", { class: "map-picture", "aria-hidden": "true", preserveAspectRatio: "xMidYMid slice" });
    this.picture.append(ground, this.circle, this.dots);
    const button = (name, label, times) =>
      make(
        "button",
        { type: "button", class: "icon-button", "aria-label": label, onclick: () => this.#zoom(times) },
        icon(name),
      );
    const closer = button("plus", t("filters.map_in"), 0.5);
    const buttons = make("div", { class: "map-buttons" }, closer, button("minus", t("filters.map_out"), 2));
    this.element = make("div", { class: "map", tabindex: "0", role: "application", "aria-label": t("filters.map") });
    this.element.append(this.picture, buttons);
    landPath().then((path) => ground.setAttribute("d", path));
    this.#hearPointer();
    this.#hearKeys();
  }

  /** `places` as POST /facets gives them, `near` the chosen circle or null. */
  show(places, near) {
    this.#places = places;
    const most = Math.max(1, ...places.map((place) => place.count));
    const dot = ({ latitude, longitude, count }) => {
      const drawn = svg("circle", { class: "map-dot", cx: longitude, cy: -latitude });
      drawn.dataset.pixels = String(4 + 8 * Math.sqrt(count / most));
      return drawn;
    };
    this.dots.replaceChildren(...places.map(dot));
    this.#showCircle(near);
    if (this.#isFitted || !places.length) this.#look(this.#view);
    else this.#fit(places);
  }

  #showCircle(near) {
    this.circle.toggleAttribute("hidden", !near);
    if (!near) return;
    const across = near.radius_km / KM_PER_DEGREE;
    const narrowing = Math.max(0.01, Math.cos((near.latitude * Math.PI) / 180));
    const at = { cx: near.longitude, cy: -near.latitude, rx: across / narrowing, ry: across };
    for (const [key, value] of Object.entries(at)) this.circle.setAttribute(key, value);
  }

  #look({ x, y, width }) {
    const height = width * RATIO;
    this.#view = { x: between(-180, x, 180 - width), y: between(-90, y, 90 - height), width };
    this.picture.setAttribute("viewBox", `${this.#view.x} ${this.#view.y} ${width} ${height}`);
    const pixel = width / (this.picture.clientWidth || WIDEST);
    for (const dot of this.dots.children) dot.setAttribute("r", Number(dot.dataset.pixels) * pixel);
  }

  /** So that all places are seen, with some room around them. */
  #fit(places) {
    this.#isFitted = true;
    const [xs, ys] = [places.map((place) => place.longitude), places.map((place) => -place.latitude)];
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const width = between(3, Math.max((right - left) * 1.25, ((bottom - top) * 1.35) / RATIO), WIDEST);
    this.#look({ x: (left + right - width) / 2, y: (top + bottom - width * RATIO) / 2, width });
  }

  #zoom(times, at = this.#middle()) {
    const width = between(NARROWEST, this.#view.width * times, WIDEST);
    const real = width / this.#view.width;
    this.#look({ x: at.x - (at.x - this.#view.x) * real, y: at.y - (at.y - this.#view.y) * real, width });
  }

  #middle() {
    const { x, y, width } = this.#view;
    return { x: x + width / 2, y: y + (width * RATIO) / 2 };
  }

  #pointOf({ clientX, clientY }) {
    const box = this.picture.getBoundingClientRect();
    const { x, y, width } = this.#view;
    return {
      x: x + ((clientX - box.left) / box.width) * width,
      y: y + ((clientY - box.top) / box.height) * width * RATIO,
    };
  }

  /** Arrows move the map, plus and minus go closer and away, Enter takes what is in its middle. */
  #hearKeys() {
    const move = (across, down) => {
      const { x, y, width } = this.#view;
      this.#look({ x: x + across * KEY_STEP * width, y: y + down * KEY_STEP * width * RATIO, width });
    };
    const keys = {
      ArrowLeft: () => move(-1, 0),
      ArrowRight: () => move(1, 0),
      ArrowUp: () => move(0, -1),
      ArrowDown: () => move(0, 1),
      "+": () => this.#zoom(0.5),
      "=": () => this.#zoom(0.5),
      "-": () => this.#zoom(2),
      Enter: () => this.#take(this.#middle()),
    };
    this.element.addEventListener("keydown", (event) => {
      if (event.target !== this.element || !keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      keys[event.key]();
    });
  }

  #hearPointer() {
    const { picture } = this;
    const wheel = (event) => {
      event.preventDefault();
      this.#zoom(Math.exp(between(-100, event.deltaY, 100) * 0.005), this.#pointOf(event));
    };
    picture.addEventListener("wheel", wheel, { passive: false });
    picture.addEventListener("pointerdown", (event) => {
      if (!this.#held.size) this.#moved = 0;
      this.#held.set(event.pointerId, event);
      picture.setPointerCapture(event.pointerId);
    });
    picture.addEventListener("pointermove", (event) => this.#move(event));
    picture.addEventListener("pointerup", (event) => {
      const wasLast = this.#held.delete(event.pointerId) && this.#held.size === 0;
      if (wasLast && this.#moved <= STILL_PIXELS) this.#take(this.#pointOf(event));
    });
    picture.addEventListener("pointercancel", (event) => this.#held.delete(event.pointerId));
  }

  #move(event) {
    const before = this.#held.get(event.pointerId);
    if (!before) return;
    const other = [...this.#held.values()].find((finger) => finger.pointerId !== event.pointerId);
    const apart = (one, two) => Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY);
    this.#held.set(event.pointerId, event);
    this.#moved += apart(before, event);
    if (other) this.#zoom(apart(before, other) / Math.max(1, apart(event, other)), this.#pointOf(other));
    else if (this.#moved > STILL_PIXELS) {
      const [from, to] = [this.#pointOf(before), this.#pointOf(event)];
      this.#look({ ...this.#view, x: this.#view.x + from.x - to.x, y: this.#view.y + from.y - to.y });
    }
  }

  /** A place of the pictures where one is within a finger's reach of it, else that point of the map. */
  #take(at) {
    const distance = (place) => Math.hypot(place.longitude - at.x, -place.latitude - at.y);
    const [nearest] = [...this.#places].sort((one, other) => distance(one) - distance(other));
    const reach = (FINGER_PIXELS * this.#view.width) / this.picture.clientWidth;
    if (nearest && distance(nearest) <= reach) this.#hears.onPick(nearest);
    else this.#hears.onPoint(-at.y, at.x);
  }
}
