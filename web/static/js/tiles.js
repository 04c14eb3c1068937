/** The tiles and headings that are in the page now: made when their row comes near, taken out when it is far. */

import { make } from "./dom.js";
import { headingOf } from "./headings.js";
import { Tile } from "./tile.js";

export class Tiles {
  #app;
  #root;
  #tiles = new Map(); // by image id
  #headings = new Map(); // by section's number

  constructor(root, app) {
    this.#root = root;
    this.#app = app;
  }

  /** The tile of a picture that is in the page; undefined where it is not. */
  of(id) {
    return this.#tiles.get(id);
  }

  /**
   * Puts the rows first to last (inclusive) into the page, in reading order, and takes all others out.
   * @param layout where they stand; `offset` is taken from every height
   * @param active the picture that Tab leads to
   * @param fast   nobody can look at them: no thumbnails are fetched
   */
  put(layout, first, last, { offset, active, fast }) {
    const wanted = [];
    for (let row = first; row <= last; row++) {
      const section = this.#sectionAbove(layout, row);
      if (section !== -1) wanted.push(this.#heading(layout, section, offset));
      layout.eachOfRow(row, (index, x, y, width, height) => {
        const tile = this.#tile(index);
        tile.place(x, y - offset, width, height, this.#app.list.ratioAt(index) / 1000);
        tile.activate(index === active);
        if (!fast) tile.load();
        wanted.push(tile.element);
      });
    }
    this.#leave(new Set(wanted));
    this.#order(wanted);
  }

  /** Elements in this order; what has the focus would lose it if it were moved, so the others move around it. */
  #order(wanted) {
    const focused = document.activeElement;
    let next = this.#root.firstChild;
    for (const element of wanted) {
      if (element.isConnected && element.contains(focused)) {
        while (next !== element) {
          const after = next.nextSibling;
          this.#root.append(next);
          next = after;
        }
      }
      if (element === next) next = next.nextSibling;
      else this.#root.insertBefore(element, next);
    }
  }

  /** Thumbnails and buttons for all that are in the page, once the view stands still. */
  settle() {
    for (const tile of this.#tiles.values()) {
      tile.load();
      tile.dress();
    }
  }

  /** Fetches again what could not be had. */
  retry() {
    for (const tile of this.#tiles.values()) tile.retry();
  }

  /** Tab leads to this picture from now on. */
  activate(active) {
    for (const tile of this.#tiles.values()) tile.activate(tile.index === active);
  }

  /** Headings are of other sections now. */
  forgetHeadings() {
    for (const heading of this.#headings.values()) heading.remove();
    this.#headings.clear();
  }

  #tile(index) {
    const { list } = this.#app;
    const id = list.idAt(index);
    let tile = this.#tiles.get(id);
    if (!tile) this.#tiles.set(id, (tile = new Tile(this.#app, id)));
    tile.describe(list.pictureAt(index), index);
    return tile;
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

  /** The section whose heading stands right above this row; -1 where none does. */
  #sectionAbove(layout, row) {
    const section = layout.sectionAt(layout.tops[row]);
    return section !== -1 && this.#app.list.sections[section].at === layout.starts[row] ? section : -1;
  }

  #heading(layout, number, offset) {
    let heading = this.#headings.get(number);
    if (!heading) {
      heading = make("h2", { class: "section-heading" }, ...headingOf(this.#app.list.sections[number], this.#app));
      this.#headings.set(number, heading);
    }
    heading.style.transform = `translate(0, ${layout.headingTops[number] - offset}px)`;
    heading.style.height = `${layout.heading}px`;
    return heading;
  }
}
