/** When pictures were taken, as bars; a range of them is chosen by dragging, by the two handles, or by keyboard. */

import { make } from "./dom.js";
import { date, t } from "./i18n.js";
import { periodsOf } from "./periods.js";

const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -12, PageUp: 12 };
const LEAST_HEIGHT = 0.06; // of the highest: one picture among thousands can still be seen

const timeOf = (day) => Date.parse(`${day}T00:00:00Z`);
const lastDayBefore = (day) => new Date(timeOf(day) - 1).toISOString().slice(0, 10);
const percent = (share) => `${share * 100}%`;

export class Histogram {
  #onChange;
  #bins = [];
  #written = "month"; // how days are said
  #chosen = [0, 0]; // the first bar, and the one after the last
  #anchor = null; // the bar that stays in the range while one drags

  /** `onChange(from, before)` hears ISO days, "" for an open end. */
  constructor(onChange) {
    this.#onChange = onChange;
    this.bars = make("div", { class: "bars" });
    this.range = make("div", { class: "range" });
    this.told = make("div", { class: "bars-told", role: "status" });
    this.handles = ["filters.from", "filters.until"].map((name, end) =>
      make("div", {
        class: "handle",
        role: "slider",
        tabindex: "0",
        "aria-label": t(name),
        onkeydown: (event) => this.#step(event, end),
      }),
    );
    this.field = make("div", { class: "bars-field" }, this.bars, this.range, ...this.handles);
    this.ends = [make("span"), make("span")];
    const ends = make("div", { class: "bars-ends", "aria-hidden": "true" }, ...this.ends);
    this.element = make("div", { class: "histogram" }, this.field, ends, this.told);
    this.#hearPointer();
  }

  /** `dates` as POST /facets gives them. */
  show(dates, from, before) {
    if (this.#anchor !== null) return; // somebody drags: what they see stays
    ({ bins: this.#bins, written: this.#written } = periodsOf(dates));
    this.element.hidden = this.#bins.length === 0;
    if (!this.#bins.length) return;
    const first = from ? this.#bins.findIndex((bin) => bin.before > from) : 0;
    const last = before ? this.#bins.findLastIndex((bin) => bin.from < before) : this.#bins.length - 1;
    this.#chosen = first === -1 || last < first ? [0, this.#bins.length] : [first, last + 1];
    this.#draw();
    this.#mark();
  }

  #draw() {
    const most = Math.max(1, ...this.#bins.map((bin) => bin.count));
    const bar = ({ from, before, count }) => {
      const drawn = make("div", { class: "bar" });
      drawn.style.left = percent(this.#share(from));
      drawn.style.width = percent(this.#share(before) - this.#share(from));
      drawn.style.height = count ? percent(Math.max(LEAST_HEIGHT, Math.sqrt(count / most))) : "0";
      return drawn;
    };
    this.bars.replaceChildren(...this.#bins.map(bar));
    this.ends[0].textContent = date(this.#bins[0].from, this.#written);
    this.ends[1].textContent = date(lastDayBefore(this.#bins.at(-1).before), this.#written);
  }

  /** Shows which bars are chosen. */
  #mark() {
    const [first, end] = this.#chosen;
    const places = [this.#share(this.#bins[first].from), this.#share(this.#bins[end - 1].before)];
    this.range.hidden = first === 0 && end === this.#bins.length;
    this.range.style.left = percent(places[0]);
    this.range.style.width = percent(places[1] - places[0]);
    this.handles.forEach((handle, side) => {
      handle.style.left = percent(places[side]);
      const bin = this.#bins[this.#chosen[side] - side];
      const said = {
        valuemin: 0,
        valuemax: this.#bins.length,
        valuenow: this.#chosen[side],
        valuetext: this.#nameOf(bin),
      };
      for (const [name, value] of Object.entries(said)) handle.setAttribute(`aria-${name}`, value);
    });
    [...this.bars.children].forEach((bar, i) => bar.classList.toggle("in", i >= first && i < end));
    const count = this.#bins.slice(first, end).reduce((sum, bin) => sum + bin.count, 0);
    this.#tell({ from: this.#bins[first].from, before: this.#bins[end - 1].before, count });
  }

  #tell(bin) {
    this.told.textContent = `${this.#nameOf(bin)} · ${t("filters.pictures", { count: bin.count })}`;
  }

  #nameOf({ from, before }) {
    const [first, last] = [date(from, this.#written), date(lastDayBefore(before), this.#written)];
    return first === last ? first : `${first} – ${last}`;
  }

  /** Where between the first bar and the last a day lies, from 0 to 1. */
  #share(day) {
    const [first, last] = [timeOf(this.#bins[0].from), timeOf(this.#bins.at(-1).before)];
    return (timeOf(day) - first) / (last - first);
  }

  #binAt(clientX) {
    const box = this.bars.getBoundingClientRect();
    const at = (clientX - box.left) / box.width;
    const found = this.#bins.findLastIndex((bin) => this.#share(bin.from) <= at);
    return Math.max(0, found);
  }

  #say() {
    const [first, end] = this.#chosen;
    const open = end === this.#bins.length;
    this.#onChange(first === 0 ? "" : this.#bins[first].from, open ? "" : this.#bins[end - 1].before);
  }

  #step(event, side) {
    const { key } = event;
    const last = this.#bins.length;
    const wanted = key === "Home" ? 0 : key === "End" ? last : key in STEPS ? this.#chosen[side] + STEPS[key] : null;
    if (wanted === null) return;
    event.preventDefault();
    const [low, high] = side ? [this.#chosen[0] + 1, last] : [0, this.#chosen[1] - 1];
    this.#chosen[side] = Math.max(low, Math.min(high, wanted));
    this.#mark();
    this.#say();
  }

  #hearPointer() {
    const { field } = this;
    field.addEventListener("pointerdown", (event) => this.#grab(event));
    field.addEventListener("pointermove", ({ clientX }) => {
      if (!this.#bins.length) return;
      const at = this.#binAt(clientX);
      if (this.#anchor !== null) this.#choose(at);
      else this.#tell(this.#bins[at]);
    });
    field.addEventListener("pointerup", () => {
      if (this.#anchor === null) return;
      this.#anchor = null;
      this.#say();
    });
    field.addEventListener("pointercancel", () => {
      this.#anchor = null;
    });
    field.addEventListener("pointerleave", () => this.#anchor === null && this.#bins.length && this.#mark());
  }

  #grab(event) {
    if (!this.#bins.length || event.button !== 0) return;
    this.field.setPointerCapture(event.pointerId);
    const at = this.#binAt(event.clientX);
    const side = this.handles.indexOf(event.target);
    this.#anchor = [at, this.#chosen[1] - 1, this.#chosen[0]][side + 1]; // none of both: a new range begins here
    if (side === -1) this.#choose(at);
  }

  #choose(at) {
    this.#chosen = [Math.min(this.#anchor, at), Math.max(this.#anchor, at) + 1];
    this.#mark();
  }
}
