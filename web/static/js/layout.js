/**
 * Where every picture of a list stands: rows of equal width, each a little higher or lower than asked so that nothing is
 * cut off. Typed arrays, two numbers a row: 100,000 pictures are laid out in a few milliseconds. Draws nothing.
 */

const NARROWEST = 0.45; // width to height of a tile; what is narrower or wider is shown whole in it
const WIDEST = 3;
const STRETCH = 1.45; // a row is at most so much higher than asked

/** A share of the pictures stands in each row: row r has those from starts[r] to starts[r + 1]. */
export class Layout {
  /**
   * @param list    {length, ratioAt(index) in thousandths, sections: [{at}] by `at`}
   * @param width   of a row, in px
   * @param target  height of a row, in px
   * @param gap     between pictures, in px
   * @param heading height of a section's heading, in px
   */
  constructor(list, { width, target, gap, heading }) {
    Object.assign(this, { list, width, target, gap, heading });
    this.starts = new Int32Array(list.length + 1);
    this.tops = new Float64Array(list.length + 1);
    this.heights = new Float32Array(list.length);
    this.headingTops = new Float64Array(list.sections.length);
    this.rows = 0;
    this.height = 0;
    this.#layOut();
    this.starts[this.rows] = list.length;
    this.tops[this.rows] = this.height;
  }

  #layOut() {
    const { list, heading } = this;
    let top = 0;
    const sections =
      list.sections.length && list.sections[0].at === 0 ? list.sections : [{ at: 0, plain: true }, ...list.sections];
    let drawn = 0;
    sections.forEach((section, index) => {
      if (!section.plain) {
        this.headingTops[drawn++] = top;
        top += heading;
      }
      top = this.#layOutSection(section.at, sections[index + 1]?.at ?? list.length, top);
    });
    this.height = top;
  }

  #layOutSection(start, end, top) {
    while (start < end) {
      const { next, height } = this.#rowFrom(start, end);
      this.starts[this.rows] = start;
      this.tops[this.rows] = top;
      this.heights[this.rows] = height;
      this.rows += 1;
      top += height + this.gap;
      start = next;
    }
    return top;
  }

  /** As many pictures as make a row nearest to the height asked for; the last row of a section is not stretched. */
  #rowFrom(start, end) {
    const { width, target, gap } = this;
    let sum = 0;
    for (let index = start; index < end; index++) {
      const before = sum;
      const gaps = (index - start) * gap;
      sum += this.shape(index);
      if (sum * target + gaps < width) continue;
      const lower = (width - gaps) / sum;
      const higher = before ? (width - gaps + gap) / before : Infinity;
      const without = higher - target < target - lower && higher <= target * STRETCH;
      return without ? { next: index, height: higher } : { next: index + 1, height: lower };
    }
    const gaps = (end - start - 1) * gap;
    return { next: end, height: Math.min(target, (width - gaps) / sum) };
  }

  /** Width to height of a picture's tile. */
  shape(index) {
    return Math.min(Math.max(this.list.ratioAt(index) / 1000, NARROWEST), WIDEST);
  }

  /** The last row that begins at or above this height. */
  rowAt(y) {
    return lastNotAbove(this.tops, this.rows, y);
  }

  /** The row of a picture. */
  rowOf(index) {
    return lastNotAbove(this.starts, this.rows, index);
  }

  /** The section whose heading is the last at or above this height; -1 above the first. */
  sectionAt(y) {
    return this.headingTops.length && this.headingTops[0] <= y
      ? lastNotAbove(this.headingTops, this.headingTops.length, y)
      : -1;
  }

  /** Calls draw(index, x, y, width, height) for every picture of a row. */
  eachOfRow(row, draw) {
    const y = this.tops[row];
    const height = this.heights[row];
    let x = 0;
    for (let index = this.starts[row]; index < this.starts[row + 1]; index++) {
      const width = this.shape(index) * height;
      draw(index, Math.round(x), y, Math.round(x + width) - Math.round(x), height);
      x += width + this.gap;
    }
  }

  /** {x, y, width, height} of one picture. */
  boxOf(index) {
    let box = null;
    this.eachOfRow(this.rowOf(index), (at, x, y, width, height) => {
      if (at === index) box = { x, y, width, height };
    });
    return box;
  }

  /** The picture in the row before or after (step -1, 1) whose middle is nearest to this one's; itself at the ends. */
  neighbour(index, step) {
    const row = this.rowOf(index) + step;
    if (row < 0 || row >= this.rows) return index;
    const { x, width } = this.boxOf(index);
    let best = { index, away: Infinity };
    this.eachOfRow(row, (at, left, _, wide) => {
      const away = Math.abs(left + wide / 2 - (x + width / 2));
      if (away < best.away) best = { index: at, away };
    });
    return best.index;
  }
}

/** The greatest i < count with values[i] <= wanted; 0 where there is none. values rise. */
function lastNotAbove(values, count, wanted) {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (values[middle] <= wanted) low = middle;
    else high = middle - 1;
  }
  return low;
}
