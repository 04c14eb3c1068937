/**
 * The height of a list, which may be more than a browser lets an element be (a million pictures): above MOST the page is
 * MOST high, small steps scroll as ever, and a jump (the scroll bar, End) goes to the same share of the list.
 */

export const MOST = 12_000_000; // px; Firefox ends at 17.8 million, Chrome and Safari at 33.5

export class ScrollSpace {
  #last = 0;

  constructor() {
    this.height = 0; // of the list
    this.shown = 0; // of the element that stands for it
    this.offset = 0; // a picture at y of the list is drawn at y - offset of the element
  }

  resize(height) {
    this.height = height;
    this.shown = Math.min(height, MOST);
    this.offset = Math.min(this.offset, height - this.shown);
  }

  /** Where in the list the view begins, when the element is scrolled by `top` (may be negative: above it). */
  at(top, view) {
    if (this.shown === this.height) return top;
    if (Math.abs(top - this.#last) > 2 * view) this.offset = this.#offsetAt(top, view);
    this.#last = top;
    return top + this.offset;
  }

  /** How far the element must be scrolled so that the view begins at `y` of the list. */
  topFor(y, view) {
    if (this.shown === this.height) return y;
    const share = Math.min(Math.max(y / (this.height - view), 0), 1);
    const top = Math.round(share * (this.shown - view));
    this.offset = y - top;
    this.#last = top;
    return top;
  }

  #offsetAt(top, view) {
    const share = Math.min(Math.max(top / (this.shown - view), 0), 1);
    return share * (this.height - view) - top;
  }
}
