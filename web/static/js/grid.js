/**
 * The pictures of app.list, drawn as rows: only those in view (and a little around it) are in the page, however many there
 * are. Scrolls the window. What keys and clicks do is grid-keys.js's, where tiles stand is layout.js's.
 */

import { later } from "./dom.js";
import { handleKeysAndClicks } from "./grid-keys.js";
import { Layout } from "./layout.js";
import { ScrollSpace } from "./scroll-space.js";
import { Tiles } from "./tiles.js";
import { toFragment } from "./url.js";

const AROUND = 0.75; // of the view's height, drawn above and below it
const FAST = 3; // px a millisecond; thumbnails that fly by are not fetched
const SETTLED_MS = 110;
const MOVING_MS = 450; // as css/grid.css has it
const EDGE = 12; // px between a focused picture and the view's edge

/** How large pictures are asked to be, by the width there is: [narrower than, row height, gap, heading]. */
const MEASURES = [
  [560, 124, 3, 44],
  [1000, 170, 5, 50],
  [1700, 210, 6, 52],
  [Infinity, 240, 8, 56],
];

export function mount(root, app) {
  app.grid = new Grid(root, app);
  handleKeysAndClicks(root, app, app.grid);
}

export class Grid {
  #app;
  #tiles;
  #space = new ScrollSpace();
  #places = new Map(); // where an earlier question was scrolled to, by its fragment
  #returning = null; // where the question that is being asked was scrolled to
  #frame = 0;
  #last = { y: 0, at: 0 };
  #wasFast = false; // then only what is in view was drawn, without pictures
  #range = [0, 0]; // of the pictures that are in the page
  #firstId = null; // of the picture at the view's top, when last drawn
  #settle = later(SETTLED_MS, () => this.#settled());

  constructor(root, app) {
    this.root = root;
    this.#app = app;
    this.#tiles = new Tiles(root, app);
    this.active = 0; // the picture that Tab leads to
    this.#measure();
    history.scrollRestoration = "manual";
    addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#resized()).observe(root);
    app.list.subscribe((what) => this.#listChanged(what));
    app.state.subscribe((now, before, how) => this.#stateChanged(now, before, how));
    app.server.addEventListener("back", () => {
      this.#tiles.retry();
      this.#soon();
    });
  }

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
    const { y, height } = this.layout.boxOf(index);
    const above = stickyHeight() + EDGE;
    const { top } = this;
    if (y < top + above) this.scrollTo(y - above);
    else if (y + height > top + innerHeight - EDGE) this.scrollTo(y + height - innerHeight + EDGE);
    else this.#draw();
    this.#tiles.of(this.#app.list.idAt(index))?.link.focus({ preventScroll: true });
  }

  /** Tab leads to this picture from now on. */
  activate(index) {
    this.active = index;
    this.#tiles.activate(index);
  }

  #measure() {
    const width = this.root.clientWidth;
    const [, target, gap, heading] = MEASURES.find(([below]) => width < below);
    this.layout = new Layout(this.#app.list, { width, target, gap, heading });
    this.#space.resize(this.layout.height);
    this.root.style.height = `${this.#space.shown}px`;
  }

  #resized() {
    if (this.root.clientWidth && this.root.clientWidth !== this.layout.width) this.#anchored();
  }

  /** Lays out anew, and keeps the picture at the view's top where it is. */
  #anchored() {
    const { list } = this.#app;
    const { top } = this;
    const away = top > 0 && this.layout.rows ? top - this.layout.tops[this.layout.rowAt(top)] : null;
    this.#tiles.forgetHeadings();
    this.#measure();
    const now = list.indexOf(this.#firstId);
    if (away !== null && now >= 0) this.scrollTo(this.layout.boxOf(now).y + away);
    else this.#draw();
  }

  #listChanged(what) {
    if (what === "records") this.#soon();
    else if (what === "content") this.#showAnew();
    else if (what === "grown") this.#anchored();
    else this.#showChanged(what);
  }

  #showAnew() {
    this.active = 0;
    this.#tiles.forgetHeadings();
    this.#measure();
    this.scrollTo(this.#returning ?? 0);
    this.#returning = null;
  }

  /** 'reordered', 'stack': tiles move to where they stand now; 'appended': the others stay where they are. */
  #showChanged(what) {
    if (what !== "appended") {
      this.#tiles.forgetHeadings();
      this.root.classList.add("moving");
      setTimeout(() => this.root.classList.remove("moving"), MOVING_MS);
    }
    this.#measure();
    this.#draw();
  }

  #stateChanged(now, before, how) {
    const asked = (state) => toFragment({ ...state, open: null, view: "" });
    const another = asked(now) !== asked(before);
    if (another || now.view !== before.view) {
      if (!before.view) this.#places.set(asked(before), this.#last.y);
      this.#returning = how === "back" ? (this.#places.get(asked(now)) ?? null) : null;
    }
    if (before.view && !now.view && !another) this.#showAgain(this.#places.get(asked(now)) ?? 0);
    if (before.open === null || now.open !== null || another) return;
    requestAnimationFrame(() => this.focus(this.#app.list.indexOf(before.open))); // a dialog that closes gives the focus back first
  }

  /** After another view was shown in its place. */
  #showAgain(top) {
    this.#measure();
    this.scrollTo(top);
  }

  /** While it scrolls nothing fades: a tile that fades is a layer of its own. */
  #scrolled() {
    this.root.classList.add("scrolling");
    this.#soon();
  }

  #soon() {
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (this.root.hidden) return;
    const { list } = this.#app;
    const { top, layout } = this;
    const fast = (this.#wasFast = this.#isFast(top));
    const around = fast ? 0 : innerHeight * AROUND;
    const first = layout.rowAt(top - around);
    const last = list.length ? layout.rowAt(top + innerHeight + around) : -1;
    this.#range = [layout.starts[first], layout.starts[last + 1]];
    this.#firstId = list.idAt(layout.starts[layout.rowAt(top)]) ?? null;
    this.#tiles.put(layout, first, last, { offset: this.#space.offset, active: this.active, fast });
    this.#settle();
    if (top + 3 * innerHeight > layout.height && list.hasMore && !this.#app.connection.gone) list.more();
  }

  #isFast(top) {
    const now = performance.now();
    const speed = Math.abs(top - this.#last.y) / Math.max(now - this.#last.at, 1);
    this.#last = { y: top, at: now };
    return speed > FAST;
  }

  #settled() {
    const { list } = this.#app;
    this.root.classList.remove("scrolling");
    if (this.root.hidden || !list.length) return;
    if (this.#wasFast) return this.#draw(); // which settles again, now that nothing moves
    this.#tiles.settle();
    list.loadRange(...this.#range).catch(sayWhy); // the tiles stay without names
    if (!this.#tiles.of(list.idAt(this.active))) this.activate(this.#firstInView());
  }

  #firstInView() {
    return this.layout.starts[Math.min(this.layout.rowAt(this.top) + 1, this.layout.rows - 1)];
  }
}

/** The banner says what is wrong with the server; this is for who looks closer. */
const sayWhy = (error) => console.warn(error.message);

/** How much of the view's top is covered by what sticks there. */
function stickyHeight() {
  const sticking = [...document.querySelectorAll("#header, #filters")].filter(
    (element) => getComputedStyle(element).position === "sticky",
  );
  return sticking.reduce((height, element) => height + element.offsetHeight, 0);
}
