/** When pictures were taken, as bars; a range of them is chosen by dragging, by the two handles, or by keyboard. */

import { make } from "./dom.js";
import { date, t } from "./i18n.js";
import { periodsOf } from "./periods.js";

const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -12, PageUp: 12 };
const LEAST_HEIGHT = 0.06; // of the highest: one picture among thousands can still be seen

const timeOf = (day) => Date.parse(`${day}T00:00:00Z`);

/**
 * @param {{onChange: (from: string, before: string) => void}} options hears ISO days, "" for an open end
 * @returns {{element, show(dates, from: string, before: string)}} `dates` as POST /facets gives them
 */
export function histogram({ onChange }) {
  let bins = [];
  let written = "month"; // how days are said
  let chosen = [0, 0]; // the first bin, and the one after the last
  let anchor = null;

  const bars = make("div", { class: "bars" });
  const range = make("div", { class: "range" });
  const told = make("div", { class: "bars-told", role: "status" });
  const handles = [0, 1].map((end) =>
    make("div", {
      class: "handle",
      role: "slider",
      tabindex: "0",
      "aria-label": t(end ? "filters.until" : "filters.from"),
      onkeydown: (event) => step(event, end),
    }),
  );
  const field = make("div", { class: "bars-field" }, bars, range, ...handles);
  const ends = make("div", { class: "bars-ends", "aria-hidden": "true" }, make("span", {}), make("span", {}));
  const element = make("div", { class: "histogram" }, field, ends, told);

  const span = () => [timeOf(bins[0].from), timeOf(bins.at(-1).before)];
  const share = (day) => {
    const [first, last] = span();
    return (timeOf(day) - first) / (last - first);
  };
  const edge = (i) => share(i < bins.length ? bins[i].from : bins.at(-1).before);

  /** The bar nearest to this place: periods without pictures have none. */
  const binAt = (clientX) => {
    const box = bars.getBoundingClientRect();
    const at = (clientX - box.left) / box.width;
    const away = (bin) => (at < share(bin.from) ? share(bin.from) - at : Math.max(0, at - share(bin.before)));
    return bins.reduce((best, bin, i) => (away(bin) < away(bins[best]) ? i : best), 0);
  };

  function say() {
    const [first, end] = chosen;
    onChange(first === 0 ? "" : bins[first].from, end === bins.length ? "" : bins[end - 1].before);
  }

  function step(event, end) {
    if (event.key === "Home" || event.key === "End") chosen[end] = event.key === "Home" ? end : bins.length - 1 + end;
    else if (event.key in STEPS) chosen[end] += STEPS[event.key];
    else return;
    event.preventDefault();
    const [low, high] = end ? [chosen[0] + 1, bins.length] : [0, chosen[1] - 1];
    chosen[end] = Math.max(low, Math.min(high, chosen[end]));
    mark();
    say();
  }

  field.addEventListener("pointerdown", (event) => {
    if (!bins.length || event.button !== 0) return;
    field.setPointerCapture(event.pointerId);
    const end = handles.indexOf(event.target);
    const at = binAt(event.clientX);
    anchor = end === -1 ? at : end === 0 ? chosen[1] - 1 : chosen[0];
    if (end === -1) choose(at);
  });
  field.addEventListener("pointermove", (event) => {
    if (!bins.length) return;
    const at = binAt(event.clientX);
    if (anchor !== null) choose(at);
    else tell(bins[at].from, bins[at].before, bins[at].count);
  });
  field.addEventListener("pointerup", () => {
    if (anchor !== null) say();
    anchor = null;
  });
  field.addEventListener("pointercancel", () => (anchor = null));
  field.addEventListener("pointerleave", () => anchor === null && bins.length && mark());

  function choose(at) {
    chosen = [Math.min(anchor, at), Math.max(anchor, at) + 1];
    mark();
  }

  const nameOf = (from, before) => {
    const last = new Date(timeOf(before) - 1).toISOString().slice(0, 10);
    const [one, other] = [date(from, written), date(last, written)];
    return one === other ? one : `${one} – ${other}`;
  };

  function tell(from, before, count) {
    told.textContent = `${nameOf(from, before)} · ${t("filters.pictures", { count })}`;
  }

  function mark() {
    const [left, right] = [edge(chosen[0]), edge(chosen[1])];
    range.style.left = `${left * 100}%`;
    range.style.width = `${(right - left) * 100}%`;
    handles.forEach((handle, end) => {
      handle.style.left = `${(end ? right : left) * 100}%`;
      handle.setAttribute("aria-valuemin", String(0));
      handle.setAttribute("aria-valuemax", String(bins.length));
      handle.setAttribute("aria-valuenow", String(chosen[end]));
      const bin = bins[chosen[end] - end];
      handle.setAttribute("aria-valuetext", nameOf(bin.from, bin.before));
    });
    range.hidden = chosen[0] === 0 && chosen[1] === bins.length;
    [...bars.children].forEach((bar, i) => bar.classList.toggle("in", i >= chosen[0] && i < chosen[1]));
    const count = bins.slice(...chosen).reduce((sum, bin) => sum + bin.count, 0);
    tell(bins[chosen[0]].from, bins[chosen[1] - 1].before, count);
  }

  function draw() {
    const most = Math.max(1, ...bins.map((bin) => bin.count));
    bars.replaceChildren(
      ...bins.map((bin) => {
        const bar = make("div", { class: "bar" });
        bar.style.left = `${share(bin.from) * 100}%`;
        bar.style.width = `${(share(bin.before) - share(bin.from)) * 100}%`;
        bar.style.height = bin.count ? `${Math.max(LEAST_HEIGHT, Math.sqrt(bin.count / most)) * 100}%` : "0";
        return bar;
      }),
    );
    ends.children[0].textContent = date(bins[0].from, written);
    ends.children[1].textContent = date(new Date(span()[1] - 1).toISOString().slice(0, 10), written);
  }

  return {
    element,
    show(dates, from, before) {
      ({ bins, written } = periodsOf(dates));
      element.hidden = bins.length === 0;
      if (!bins.length || anchor !== null) return;
      const first = from ? bins.findIndex((bin) => bin.before > from) : 0;
      const last = before ? bins.findLastIndex((bin) => bin.from < before) : bins.length - 1;
      chosen = first === -1 || last < first ? [0, bins.length] : [first, last + 1];
      draw();
      mark();
    },
  };
}
