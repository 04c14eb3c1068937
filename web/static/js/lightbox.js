/** One picture, large: its neighbours by keys, buttons and swipes, what is known of it at its side. The address opens it. */

import { make } from "./dom.js";
import { number } from "./i18n.js";
import { icon } from "./icons.js";
import { createActions } from "./lightbox-actions.js";
import { LargePicture } from "./large-picture.js";
import { Metadata } from "./metadata.js";
import { keep, kept } from "./kept.js";
import { Zoom } from "./zoom.js";

const PAN_PIXELS = 80;
const WIDE_ENOUGH = 900; // pixels, for picture and facts side by side

/** Draws the dialog; it opens and closes as `state.open` says, so that Back and a shared address do, too. */
export function mount(root, app) {
  const lightbox = new Lightbox(root, app);
  app.state.subscribe((state) => lightbox.follow(state));
  app.list.subscribe((what) => what !== "records" && lightbox.relist());
  lightbox.follow(app.state.get());
}

class Lightbox {
  #app;
  #shown = null; // the id
  #told = undefined; // the score that is shown with it
  #index = -1; // in the list; -1 where it is not in it

  constructor(root, app) {
    this.#app = app;
    const { t } = app;
    const leave = () => app.close();
    this.actions = createActions(app, { toggleInfo: () => this.#showInfo(this.dialog.classList.contains("bare")) });
    this.metadata = new Metadata(app, (id) => app.open(id));
    this.frame = make("div", { class: "lb-frame" });
    this.picture = new LargePicture(this.frame, app);
    this.back = this.#turn(-1, "left", t("lightbox.previous"));
    this.on = this.#turn(1, "right", t("lightbox.next"));
    this.stage = make("div", { class: "lb-stage", tabindex: "-1" }, this.frame, this.picture.said, this.back, this.on);
    this.counter = make("span", { class: "lb-counter", "aria-live": "polite" });
    this.name = make("span", { class: "lb-name" });
    const close = t("app.close");
    const shut = make(
      "button",
      { class: "icon-button", type: "button", "aria-label": close, title: close, onclick: leave },
      icon("close"),
    );
    const bar = make("div", { class: "lb-bar" }, this.counter, this.name, this.actions.element, shut);
    const main = make("div", { class: "lb-main" }, this.stage, bar);
    this.dialog = make("dialog", { class: "lightbox", "aria-label": t("lightbox.name") }, main, this.metadata.element);
    root.append(this.dialog);
    this.zoom = new Zoom(this.stage, this.frame, {
      onSwipe: (way) => (way === "down" ? leave() : this.#go(way === "left" ? 1 : -1)),
      onZoom: (scale) => {
        this.dialog.classList.toggle("zoomed", scale > 1);
        if (scale > 1) this.picture.sharpen(this.frame.offsetWidth * scale);
      },
    });
    this.#hearKeys(leave);
  }

  #turn(by, way, label) {
    const looks = { class: `icon-button lb-turn lb-${way}`, type: "button", "aria-label": label, title: label };
    return make("button", { ...looks, onclick: () => this.#go(by) }, icon(way, 28));
  }

  /** Opens, closes, or shows another picture, as the state says. */
  follow({ open }) {
    if (open === this.#shown) return;
    if (open === null) {
      this.#shown = null;
      this.picture.clear();
      this.dialog.close();
      return;
    }
    if (!this.dialog.open) {
      this.#showInfo(kept("info", innerWidth >= WIDE_ENOUGH ? "shown" : "hidden") === "shown", { remember: false });
      this.dialog.showModal();
      this.stage.focus();
    }
    this.#show(open);
  }

  #show(id) {
    this.#shown = id;
    this.#count();
    const drawn = this.picture.show(id, this.#known, (size) => this.zoom.show(size));
    drawn.then(() => this.#shown === id && this.#prefetch());
    this.#describe(id);
  }

  /** What is known of it at once, and all of it when that has come. */
  async #describe(id) {
    const known = this.#known;
    this.#told = known?.score;
    this.#tell(id, known);
    const detail = await this.metadata.show(id, known);
    if (this.#shown !== id || detail === null) return;
    this.#tell(id, detail);
    this.picture.fileIs(id, detail);
  }

  #tell(id, picture) {
    this.name.textContent = picture?.name ?? "";
    this.picture.name(picture?.name ?? this.#app.t("lightbox.name"));
    this.actions.show(id, picture);
  }

  /** What one turns the pages of: the pictures of the view that is shown. */
  get #list() {
    return this.#app.state.get().view === "duplicates" ? this.#app.duplicates : this.#app.list;
  }

  /** What the list knows of the open picture; null where that is nothing. */
  get #known() {
    return this.#index === -1 ? null : this.#list.pictureAt(this.#index);
  }

  /** The list changed: the open picture may stand elsewhere in it, or be known as a hit only now. */
  relist() {
    if (this.#shown === null) return;
    this.#count();
    if (this.#known && this.#known.score !== this.#told) this.#describe(this.#shown);
  }

  /** Says where in the list the picture stands. */
  #count() {
    const [list, { t }] = [this.#list, this.#app];
    this.#index = list.indexOf(this.#shown);
    const inList = this.#index !== -1;
    const total = `${number(list.length)}${list.hasMore ? "+" : ""}`;
    this.counter.textContent = inList ? t("lightbox.of", { number: this.#index + 1, total }) : "";
    this.back.disabled = this.#index <= 0;
    this.on.disabled = !inList || (this.#index + 1 >= list.length && !list.hasMore);
  }

  async #go(by) {
    const [from, list, { turn }] = [this.#shown, this.#list, this.#app];
    const index = this.#index + by;
    if (this.#index === -1 || index < 0) return;
    if (index >= list.length && list.hasMore) await list.more();
    const id = list.idAt(index);
    if (id !== undefined && this.#shown === from) turn(id);
  }

  #prefetch() {
    for (const index of [this.#index + 1, this.#index - 1]) {
      const id = this.#index === -1 || index < 0 ? undefined : this.#list.idAt(index);
      if (id !== undefined) new Image().src = this.#app.api.renditionUrl(id);
    }
  }

  #showInfo(shown, { remember = true } = {}) {
    this.dialog.classList.toggle("bare", !shown);
    this.actions.infoIs(shown);
    if (remember) keep("info", shown ? "shown" : "hidden");
  }

  #hearKeys(leave) {
    const { zoom } = this;
    const keys = {
      ArrowLeft: () => (zoom.scale > 1 ? zoom.pan(PAN_PIXELS, 0) : this.#go(-1)),
      ArrowRight: () => (zoom.scale > 1 ? zoom.pan(-PAN_PIXELS, 0) : this.#go(1)),
      ArrowUp: () => zoom.pan(0, PAN_PIXELS),
      ArrowDown: () => zoom.pan(0, -PAN_PIXELS),
      "+": () => zoom.step(1),
      "=": () => zoom.step(1),
      "-": () => zoom.step(-1),
      0: () => zoom.reset(),
      z: () => zoom.toggle(),
      i: () => this.#showInfo(this.dialog.classList.contains("bare")),
      ...this.actions.keys,
    };
    this.dialog.addEventListener("keydown", (event) => {
      if (!(event.key in keys) || !this.#isForUs(event)) return;
      event.preventDefault();
      keys[event.key]();
    });
    this.dialog.addEventListener("cancel", (event) => {
      if (event.target !== this.dialog) return;
      event.preventDefault();
      if (zoom.scale > 1) zoom.reset();
      else leave();
    });
  }

  #isForUs({ key, target, ctrlKey, metaKey, altKey }) {
    if (ctrlKey || metaKey || altKey || target.closest("input, textarea, select, [popover]")) return false;
    return !(target.closest(".lb-info") && (key === "ArrowUp" || key === "ArrowDown")); // they scroll it
  }
}
