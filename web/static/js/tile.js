/** One picture of the grid: its thumbnail, what it is called, its badges, and "more / less like this". */

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { NOTHING, toFragment } from "./url.js";

const SIZES = [128, 256, 512, 1024]; // that the server makes
const SHARP_ENOUGH = 0.8; // of the pixels the tile has

/** The type of a picture of the library that is dragged. */
export const DRAGGED = "application/x-search-picture";

/** The smallest size that looks sharp in a tile, longer sides compared. */
export function sizeFor(width, height, density = devicePixelRatio) {
  const wanted = Math.max(width, height) * Math.min(density, 2) * SHARP_ENOUGH;
  return SIZES.find((size) => size >= wanted) ?? SIZES.at(-1);
}

/** The file's name, for a hit or a record; of a path where nothing says more. */
export const nameOf = (picture) => picture.name ?? picture.path?.split(/[/\\]/).at(-1) ?? "";

export class Tile {
  #app;
  #src = "";

  constructor(app, id) {
    this.#app = app;
    this.id = id;
    this.image = make("img", { alt: "", decoding: "async", draggable: "false" });
    this.image.addEventListener("load", () => this.#become("loaded"));
    this.image.addEventListener("error", () => this.#become("failed"));
    this.link = make(
      "a",
      { class: "tile-link", href: toFragment({ ...NOTHING, open: id }), tabindex: "-1" },
      this.image,
    );
    this.badges = make("div", { class: "tile-badges" });
    this.element = make("div", { class: "tile", draggable: "true", "data-id": id }, this.link, this.badges);
  }

  /** Gives it its buttons and its caption; tiles that only fly by go without. */
  dress() {
    if (this.actions) return;
    this.actions = actionsOf(this.#app);
    this.caption = make("div", { class: "tile-caption", "aria-hidden": "true" });
    this.element.append(this.caption, this.actions);
    this.#write();
  }

  #write() {
    if (!this.caption || !this.picture) return;
    const { match } = this.picture;
    const share =
      match === null || match === undefined
        ? null
        : make("span", { class: "tile-match" }, this.#app.language.percent(match));
    this.caption.replaceChildren(make("span", { class: "tile-name" }, nameOf(this.picture)), ...(share ? [share] : []));
    const active = this.active;
    this.active = undefined; // its new buttons do not know yet
    this.activate(active);
  }

  /** Moves and sizes it; `y` as it is drawn, `ratio` is the whole picture's width to height. */
  place(x, y, width, height, ratio) {
    if (ratio !== this.ratio) this.#shape(ratio, width / height);
    if (x === this.x && y === this.y && width === this.width && height === this.height) return;
    Object.assign(this, { x, y, width, height });
    const { style } = this.element;
    style.transform = `translate(${x}px, ${y}px)`;
    style.width = `${width}px`;
    style.height = `${height}px`;
  }

  /** What is much wider or higher than a tile may be is shown whole, on the tile's ground. */
  #shape(ratio, tile) {
    this.ratio = ratio;
    this.element.classList.toggle("whole", Math.abs(Math.log(ratio / tile)) > 0.1);
  }

  /** What the screen reader says and what is written on it; `index` is its place in the list. */
  describe(picture, index) {
    if (this.index === index && this.picture === picture) return;
    const { t } = this.#app;
    this.index = index;
    this.link.setAttribute("aria-label", picture ? nameOf(picture) : t("frame.tile-unknown", { number: index + 1 }));
    if (!picture || this.picture === picture) return;
    this.picture = picture;
    this.element.classList.toggle("offline", Boolean(picture.offline));
    this.element.classList.toggle("behind", picture.behind !== undefined);
    this.badges.replaceChildren(...badgesOf(picture, t));
    this.#write();
  }

  /** Whether Tab leads here (and then to its buttons). */
  activate(active) {
    if (this.active === active) return;
    this.active = active;
    for (const element of this.element.querySelectorAll("a, button")) element.tabIndex = active ? 0 : -1;
  }

  /** Fetches the thumbnail that fits; the one that is there stays until then. */
  load() {
    const { api } = this.#app;
    const address = api.thumbnailUrl(this.id, sizeFor(this.width, this.height), this.picture?.version);
    if (!this.#src || (this.#src !== address && this.#grew(address))) {
      this.#src = address;
      this.image.src = address;
    }
  }

  /** Only a sharper picture is worth fetching again; a version that became known is not. */
  #grew(address) {
    const size = (url) => Number(new URL(url).searchParams.get("size"));
    return size(address) > size(this.#src);
  }

  /** Fetches again what could not be had before. */
  retry() {
    if (!this.element.classList.contains("failed")) return;
    this.element.classList.remove("failed");
    this.#src = "";
    this.load();
  }

  /** Ends a fetch nobody waits for, so that what is in view comes first. */
  leave() {
    if (!this.element.classList.contains("loaded")) this.image.removeAttribute("src");
    this.element.remove();
  }

  #become(what) {
    this.element.classList.remove("loaded", "failed");
    this.element.classList.add(what);
  }
}

let actions = null; // made once, copied for every tile

function actionsOf({ t }) {
  const button = (does, symbol, label, look) =>
    make(
      "button",
      { type: "button", class: look, "data-does": does, "aria-label": label, title: label, tabindex: "-1" },
      icon(symbol),
    );
  actions ??= make(
    "div",
    { class: "tile-actions" },
    button("more", "plus", t("frame.more-like-this"), "tile-action"),
    button("less", "minus", t("frame.less-like-this"), "tile-action"),
    button("actions", "dots", t("frame.actions"), "tile-opener"),
  );
  return actions.cloneNode(true);
}

function badgesOf(picture, t) {
  const badges = [];
  const more = picture.alike?.length ?? 0;
  if (more) badges.push(stackBadge(picture, more, t));
  if (picture.copy && picture.copy !== "similar")
    badges.push(make("span", { class: "badge" }, t(`frame.copy.${picture.copy}`)));
  if (picture.offline)
    badges.push(
      make(
        "span",
        { class: "badge", title: t("frame.offline-why") },
        icon("offline", 16),
        make("span", { class: "badge-word" }, t("frame.offline")),
      ),
    );
  return badges;
}

function stackBadge(picture, more, t) {
  const label = t("frame.stack", { count: more + 1 });
  return make(
    "button",
    {
      type: "button",
      class: "badge stack-badge",
      "data-does": "stack",
      "aria-label": label,
      title: label,
      tabindex: "-1",
    },
    icon("alike", 16),
    String(more + 1),
  );
}
