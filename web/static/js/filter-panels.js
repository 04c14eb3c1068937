/** What the panels of the filters hold: each shows the facets of the library and hands on what is chosen. */

import { choices } from "./choices.js";
import { make } from "./dom.js";
import { placeText } from "./filter-words.js";
import { folderTree } from "./folders.js";
import { histogram } from "./histogram.js";
import { number, t } from "./i18n.js";
import { placeMap } from "./placemap.js";

const DAY_MS = 86_400_000;
const RADII_KM = [1, 5, 20, 50, 200, 1000];
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
  const bars = histogram({ onChange: (from, before) => apply({ from, before }) });
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

function placePanel(apply) {
  let radius = 20;
  let near = null;
  const choose = (place) => apply({ near: place });
  const round = (value) => Math.round(value * 1000) / 1000;
  const at = (latitude, longitude, radius_km) => ({
    latitude: round(latitude),
    longitude: round(longitude),
    radius_km,
  });
  const map = placeMap({
    onPick: (place) => choose(at(place.latitude, place.longitude, Math.max(radius, reaching(place.radius_km)))),
    onPoint: (latitude, longitude) => choose(at(latitude, longitude, radius)),
  });
  const within = make(
    "select",
    { class: "field", "aria-label": t("filters.radius") },
    ...RADII_KM.map((km) => make("option", { value: String(km) }, t("filters.within", { km }))),
  );
  within.addEventListener("change", () => {
    radius = Number(within.value);
    if (near) choose({ ...near, radius_km: radius });
  });
  const typed = make("input", {
    class: "field",
    inputmode: "text",
    placeholder: "48.86, 2.35",
    "aria-label": t("filters.coordinates"),
  });
  typed.addEventListener("change", () => {
    const [latitude, longitude] = typed.value
      .split(/[,;\s]+/)
      .filter(Boolean)
      .map(Number);
    const right = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
    typed.setAttribute("aria-invalid", String(!right && typed.value !== ""));
    if (right) choose(at(latitude, longitude, radius));
  });
  const list = make("div", { class: "choices places" });
  const none = make("p", { class: "quiet-note" }, t("filters.no_places"));
  const element = make(
    "div",
    { class: "stack" },
    map.element,
    make("div", { class: "two" }, typed, within),
    none,
    list,
  );

  function row(place) {
    const here = at(place.latitude, place.longitude, reaching(place.radius_km));
    const on = near !== null && near.latitude === here.latitude && near.longitude === here.longitude;
    return make(
      "button",
      {
        class: "choice",
        type: "button",
        "aria-pressed": String(on),
        "data-place": `${here.latitude},${here.longitude}`,
        onclick: () => choose(on ? null : { ...here, radius_km: Math.max(radius, here.radius_km) }),
      },
      make("span", { class: "choice-text" }, placeText(place)),
      make("span", { class: "choice-count" }, number(place.count)),
    );
  }

  return {
    element,
    show({ places }, state) {
      ({ near } = state);
      if (near) radius = near.radius_km;
      if (!RADII_KM.includes(radius))
        within.append(make("option", { value: String(radius) }, t("filters.within", { km: radius })));
      within.value = String(radius);
      typed.value = near ? `${near.latitude}, ${near.longitude}` : "";
      map.show(places, near);
      const focused = list.contains(document.activeElement) ? document.activeElement.dataset.place : null;
      list.replaceChildren(...places.slice(0, 100).map(row));
      if (focused) list.querySelector(`[data-place="${focused}"]`)?.focus();
      none.hidden = places.length > 0;
    },
  };
}

/** The smallest radius of ours that holds a place of this size. */
const reaching = (km) => RADII_KM.find((radius) => radius >= km) ?? Math.ceil(km);
