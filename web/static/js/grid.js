/**
 * The pictures of app.list, drawn as rows: only those in view (and a little around it) are in the page, however many there
 * are. Scrolls the window. What keys and clicks do is grid-keys.js's, where tiles stand is layout.js's.
 */

import { later, make } from "./dom.js";
import { handleKeysAndClicks } from "./grid-keys.js";
import { headingOf } from "./headings.js";
import { Layout } from "./layout.js";
import { ScrollSpace } from "./scroll-space.js";
import { Tile } from "./tile.js";
import { toFragment } from "./url.js";

const AROUND = 0.75; // of the view's height, drawn above and below it
const FAST = 3; // px a millisecond; thumbnails that fly by are not fetched
const SETTLED_MS = 110;
const MOVING_MS = 450; // as css/grid.css has it

/** How large pictures are asked to be, by the width there is: [narrower than, row height, gap, heading]. */
const MEASURES = [
  [560, 124, 3, 44],
  [1000, 170, 5, 52],
  [1700, 210, 6, 56],
  [Infinity, 240, 8, 60],
];

export function mount(root, app) {
  const grid = new Grid(root, app);
  app.grid = grid;
  handleKeysAndClicks(root, app, grid);
}

export class Grid {
  #app;
  #tiles = new Map(); // by image id
  #headings = new Map(); // by section's number
  #space = new ScrollSpace();
  #places = new Map(); // where an earlier question was scrolled to, by its fragment
  #frame = 0;
  #last = { y: 0, at: 0 };
  #returning = null;
  #settle = later(SETTLED_MS, () => this.#settled());

  constructor(root, app) {
    this.root = root;
    this.#app = app;
    this.active = 0; // the picture that Tab leads to
    this.#measure();
    history.scrollRestoration = "manual";
    addEventListener("scroll", () => this.#soon(), { passive: true });
    new ResizeObserver(() => this.#resized()).observe(root);
    app.list.subscribe((what) => this.#listChanged(what));
    app.state.subscribe((now, before, how) => this.#stateChanged(now, before, how));
    app.server.addEventListener("back", () => this.#tiles.forEach((tile) => tile.retry()));
  }

  get layout() {
    return this.#layout;
  }

  #layout;

  /** Where the view begins, in the list's own height. */
  get top() {
    return this.#space.at(scrollY - this.root.offsetTop, innerHeight);
  }

  /** Scrolls so that this height of the list is at the view's top, below what sticks there. */
  scrollTo(y) {
    const shown = this.#space.topFor(Math.max(y, 0), innerHeight);
    window.scrollTo({ top: y <= 0 ? 0 : this.root.offsetTop + shown, behavior: "instant" });
    this.#draw();
  }

  /** Makes it the picture that Tab leads to, scrolls it into view and focuses it. */
  focus(index) {
    if (!(index >= 0 && index < this.#app.list.length)) return;
    this.active = index;
    const { y, height } = this.#layout.boxOf(index);
    const above = document.getElementById("header").offsetHeight + 12;
    const top = this.top;
    if (y < top + above) this.scrollTo(y - above);
    else if (y + height > top + innerHeight - 12) this.scrollTo(y + height - innerHeight + 12);
    else this.#draw();
    this.#tiles.get(this.#app.list.idAt(index))?.link.focus({ preventScroll: true });
  }

  #measure() {
    const width = this.root.clientWidth;
    const [, target, gap, heading] = MEASURES.find(([below]) => width < below);
    this.#layout = new Layout(this.#app.list, { width, target, gap, heading });
    this.#space.resize(this.#layout.height);
    this.root.style.height = `${this.#space.shown}px`;
  }

  #resized() {
    if (this.root.clientWidth === this.#layout.width || !this.root.clientWidth) return;
    this.#anchored(() => this.#measure());
  }

  /** Does something to the layout, and keeps the picture at the view's top where it is. */
  #anchored(change) {
    const { list } = this.#app;
    const top = this.top;
    const index = this.#layout.starts[this.#layout.rowAt(top)];
    const id = this.#firstId ?? list.idAt(index);
    const away = top > 0 && index < list.length ? top - this.#layout.boxOf(index).y : null;
    change();
    const now = list.indexOf(id);
    if (away !== null && now >= 0) this.scrollTo(this.#layout.boxOf(now).y + away);
    else this.#draw();
  }

  #firstId = null; // of the picture at the view's top, when last drawn

  #listChanged(what) {
    if (what === "records") return this.#soon();
    if (what === "content") return this.#showAnew();
    if (what === "reordered") this.#move();
    if (what === "grown") return this.#anchored(() => this.#measure());
    this.#measure();
    this.#draw();
  }

  #showAnew() {
    this.active = 0;
    for (const heading of this.#headings.values()) heading.remove();
    this.#headings.clear();
    this.#measure();
    this.scrollTo(this.#returning ?? 0);
    this.#returning = null;
  }

  #move() {
    this.root.classList.add("moving");
    setTimeout(() => this.root.classList.remove("moving"), MOVING_MS);
  }

  #stateChanged(now, before, how) {
    const asked = (state) => toFragment({ ...state, open: null });
    if (asked(now) !== asked(before)) {
      this.#places.set(asked(before), this.top);
      this.#returning = how === "back" ? (this.#places.get(asked(now)) ?? null) : null;
    }
    if (before.open !== null && now.open === null) this.focus(this.#app.list.indexOf(before.open));
  }

  #soon() {
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const { list } = this.#app;
    const top = this.top;
    const layout = this.#layout;
    const fast = this.#isFast(top);
    const around = fast ? 0 : innerHeight * AROUND;
    const first = list.length ? layout.rowAt(top - around) : 0;
    const last = list.length ? layout.rowAt(top + innerHeight + around) : -1;
    this.#range = [layout.starts[first], last < 0 ? 0 : layout.starts[last + 1]];
    this.#firstId = list.idAt(layout.starts[layout.rowAt(top)]) ?? null;
    this.#put(first, last, fast);
    this.#settle();
    if (top + 3 * innerHeight > layout.height && list.hasMore) this.#more();
  }

  #range = [0, 0];

  #isFast(top) {
    const now = performance.now();
    const speed = Math.abs(top - this.#last.y) / Math.max(now - this.#last.at, 1);
    this.#last = { y: top, at: now };
    return speed > FAST;
  }

  /** Puts the rows first to last (inclusive) into the page, in reading order, and takes all others out. */
  #put(first, last, fast) {
    const wanted = [];
    for (let row = first; row <= last; row++) {
      const section = this.#sectionAbove(row);
      if (section !== -1) wanted.push(this.#heading(section));
      this.#layout.eachOfRow(row, (index, x, y, width, height) => wanted.push(this.#tile(index, x, y, width, height, fast)));
    }
    const kept = new Set(wanted);
    this.#leave(kept);
    let next = this.root.firstChild;
    for (const element of wanted) {
      if (element === next) next = next.nextSibling;
      else this.root.insertBefore(element, next);
    }
  }

  #leave(kept) {
    for (const [id, tile] of this.#tiles) {
      if (kept.has(tile.element)) continue;
      if (tile.element.contains(document.activeElement) && this.#app.list.indexOf(id) >= 0) continue; // keeps the focus
      tile.leave();
      this.#tiles.delete(id);
    }
    for (const [number, heading] of this.#headings) {
      if (kept.has(heading)) continue;
      heading.remove();
      this.#headings.delete(number);
    }
  }

  #tile(index, x, y, width, height, fast) {
    const { list } = this.#app;
    const id = list.idAt(index);
    let tile = this.#tiles.get(id);
    if (!tile) this.#tiles.set(id, (tile = new Tile(this.#app, id)));
    tile.place(x, y - this.#space.offset, width, height);
    tile.describe(list.pictureAt(index), index);
    tile.activate(index === this.active);
    if (!fast) tile.load();
    return tile.element;
  }

  /** The section whose heading stands right above this row; -1 where none does. */
  #sectionAbove(row) {
    const section = this.#layout.sectionAt(this.#layout.tops[row]);
    return section !== -1 && this.#app.list.sections[section].at === this.#layout.starts[row] ? section : -1;
  }

  #heading(number) {
    let heading = this.#headings.get(number);
    if (!heading) {
      heading = make("h2", { class: "section-heading" }, ...headingOf(this.#app.list.sections[number], this.#app));
      this.#headings.set(number, heading);
    }
    heading.style.transform = `translate3d(0, ${this.#layout.headingTops[number] - this.#space.offset}px, 0)`;
    heading.style.height = `${this.#layout.heading}px`;
    return heading;
  }

  #settled() {
    const { list } = this.#app;
    for (const tile of this.#tiles.values()) {
      tile.load();
      tile.dress();
    }
    list.loadRange(...this.#range).catch(() => {}); // the tiles stay without names; the banner says what is wrong
    if (!this.#tiles.has(list.idAt(this.active)) && list.length) this.activate(this.#firstInView());
  }

  #firstInView() {
    return this.#layout.starts[Math.min(this.#layout.rowAt(this.top) + 1, this.#layout.rows - 1)];
  }

  /** Tab leads to this picture from now on. */
  activate(index) {
    this.active = index;
    for (const [id, tile] of this.#tiles) tile.activate(this.#app.list.indexOf(id) === index);
  }

  #more() {
    this.#app.list.more().catch((error) => console.error(error));
  }
}
