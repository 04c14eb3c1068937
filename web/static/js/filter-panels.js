/** What the panels of the filters hold: each shows the facets of the library and hands on what is chosen. */

import { choices } from "./choices.js";
import { make } from "./dom.js";
import { folderTree } from "./folders.js";
import { Histogram } from "./histogram.js";
import { t } from "./i18n.js";
import { placePanel } from "./place-panel.js";

const DAY_MS = 86_400_000;
const ORIENTATIONS = ["landscape", "portrait", "square"];

/** One for each filter of the bar: given what applies a change, an element, and how to show facets and state in it. */
export const PANELS = {
  date: datePanel,
  folder: folderPanel,
  camera: cameraPanel,
  place: placePanel,
  tags: tagsPanel,
  more: morePanel,
};

const moved = (day, by) =>
  day ? new Date(Date.parse(`${day}T00:00:00Z`) + by * DAY_MS).toISOString().slice(0, 10) : "";

function datePanel(apply) {
  const bars = new Histogram((from, before) => apply({ from, before }));
  const typed = (name) => make("input", { class: "field", type: "date", name, min: "1800-01-01", max: "2200-12-31" });
  const [from, until] = [typed("from"), typed("until")];
  from.addEventListener("change", () => apply({ from: from.value }));
  until.addEventListener("change", () => apply({ before: moved(until.value, 1) }));
  const years = make("div", { class: "years", role: "group", "aria-label": t("filters.years") });
  const unknown = make("p", { class: "quiet-note" });
  const field = (words, input) => make("label", { class: "labelled" }, make("span", {}, words), input);
  const element = make(
    "div",
    { class: "stack" },
    bars.element,
    make("div", { class: "two" }, field(t("filters.from"), from), field(t("filters.until"), until)),
    years,
    unknown,
  );

  function showYears(bins, state) {
    const counted = new Map();
    for (const bin of bins) counted.set(bin.from.slice(0, 4), (counted.get(bin.from.slice(0, 4)) ?? 0) + bin.count);
    const buttons = [...counted]
      .filter(([, count]) => count > 0)
      .reverse()
      .map(([year]) => {
        const range = { from: `${year}-01-01`, before: `${Number(year) + 1}-01-01` };
        const on = state.from === range.from && state.before === range.before;
        return make(
          "button",
          {
            class: "chip",
            type: "button",
            "data-year": year,
            "aria-pressed": String(on),
            onclick: () => apply(on ? { from: "", before: "" } : range),
          },
          year,
        );
      });
    const focused = years.contains(document.activeElement) ? document.activeElement.dataset.year : null;
    years.replaceChildren(...buttons);
    if (focused) years.querySelector(`[data-year="${focused}"]`)?.focus();
  }

  return {
    element,
    show({ dates }, state) {
      bars.show(dates, state.from, state.before);
      from.value = state.from;
      until.value = moved(state.before, -1);
      showYears(dates.bins, state);
      unknown.hidden = dates.unknown === 0;
      unknown.textContent = t("filters.no_date", { count: dates.unknown });
    },
  };
}

function folderPanel(apply) {
  const tree = folderTree({ onChange: (folder) => apply({ folder }) });
  const element = make("div", { class: "scrolls" }, tree.element);
  return { element, show: ({ folders }, state) => tree.show(folders, state.folder) };
}

const named = ({ name, count }) => ({ value: name, text: name, count });

function cameraPanel(apply) {
  const onChange = ([camera = ""]) => apply({ camera });
  const list = choices({ label: t("filters.camera"), several: false, onChange });
  return {
    element: list.element,
    show: ({ cameras }, state) => list.show(cameras.map(named), state.camera ? [state.camera] : []),
  };
}

function tagsPanel(apply) {
  const list = choices({ label: t("filters.tags"), several: true, onChange: (tag) => apply({ tag }) });
  return { element: list.element, show: ({ tags }, state) => list.show(tags.map(named), state.tag) };
}

function morePanel(apply) {
  const shape = choices({
    label: t("filters.orientation"),
    several: false,
    onChange: ([orientation = ""]) => apply({ orientation }),
  });
  const kind = choices({ label: t("filters.format"), several: true, onChange: (format) => apply({ format }) });
  const element = make(
    "div",
    { class: "stack" },
    make("h3", {}, t("filters.orientation")),
    shape.element,
    make("h3", {}, t("filters.format")),
    kind.element,
  );
  return {
    element,
    show({ formats, orientations }, state) {
      const counts = new Map(orientations.map(({ name, count }) => [name, count]));
      const shapes = ORIENTATIONS.map((name) => ({
        value: name,
        text: t(`filters.${name}`),
        count: counts.get(name) ?? 0,
      }));
      shape.show(shapes, state.orientation ? [state.orientation] : []);
      kind.show(
        formats.map(({ name, count }) => ({ value: name, text: name.toUpperCase(), count })),
        state.format,
      );
    },
  };
}
