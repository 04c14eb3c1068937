/** The bar of filters: one button for each, which says what is set and can be taken back; its panel opens below it. */

import { loadCities } from "./cities.js";
import { make } from "./dom.js";
import { icon } from "./icons.js";
import { PANELS } from "./filter-panels.js";
import { nameOf } from "./folders.js";
import { placeText, rangeText } from "./filter-words.js";
import { t } from "./i18n.js";
import { isFree } from "./keys.js";
import { opensPanel } from "./popover.js";
import { FILTERS, asks, changed } from "./state.js";
import { NOTHING } from "./url.js";

const several = (values, name = (value) => value) =>
  values.length > 2 ? `${name(values[0])} +${values.length - 1}` : values.map(name).join(", ");

const moreText = (state) =>
  [state.orientation && t(`filters.${state.orientation}`), ...state.format.map((name) => name.toUpperCase())]
    .filter(Boolean)
    .join(", ");

/** One row a filter: the keys of the state it is made of, and what its button says when they are set. */
const BAR = [
  { name: "date", icon: "calendar", keys: ["from", "before"], text: (state) => rangeText(state.from, state.before) },
  { name: "folder", icon: "folder", keys: ["folder"], text: (state) => several(state.folder, nameOf) },
  { name: "camera", icon: "camera", keys: ["camera"], text: (state) => state.camera },
  { name: "place", icon: "place", keys: ["near"], text: (state) => placeText(state.near) },
  { name: "tags", icon: "tag", keys: ["tag"], text: (state) => several(state.tag) },
  { name: "more", icon: "more", keys: ["orientation", "format"], text: moreText },
];

const emptied = (keys) => Object.fromEntries(keys.map((key) => [key, NOTHING[key]]));
const isSet = (state, keys) => keys.some((key) => (Array.isArray(state[key]) ? state[key].length : state[key]));

/** Draws the bar, and keeps it as the state says. */
export function mount(root, app) {
  root.setAttribute("aria-label", t("filters.all"));
  const drawn = BAR.map((row) => ({ row, ...pill(row, app) }));
  const clear = make(
    "button",
    { class: "button quiet filters-clear", type: "button", onclick: () => clearAll(app) },
    t("filters.clear"),
  );
  const order = sorting(app);
  root.append(
    make(
      "div",
      { class: "filters-bar" },
      ...drawn.map(({ element }) => element),
      clear,
      make("div", { class: "filters-gap" }),
      order.element,
    ),
  );

  const show = (state) => {
    for (const one of drawn) one.show(state);
    clear.hidden = !isSet(state, FILTERS);
    order.show(state);
  };
  const follow = (state) => {
    show(state);
    if (state.near) loadCities().then(() => show(app.state.get()));
  };
  app.state.subscribe(follow);
  follow(app.state.get());
  addEventListener("keydown", (event) => {
    if (event.key !== "f" || !isFree(event)) return;
    event.preventDefault();
    drawn[0].button.focus();
  });
}

function clearAll(app) {
  app.state.set(emptied(FILTERS));
  document.querySelector("#filters .pill-open")?.focus();
}

function pill(row, app) {
  const words = make("span", { class: "pill-text" });
  const button = make("button", { class: "pill-open", type: "button" }, icon(row.icon, 18), words, icon("down", 14));
  const take = make("button", { class: "pill-remove", type: "button", hidden: true }, icon("close", 14));
  take.addEventListener("click", () => {
    app.state.set(emptied(row.keys));
    button.focus();
  });
  const element = make("div", { class: "pill", "data-filter": row.name }, button, take);
  const name = () => t(`filters.${row.name}`);
  opensPanel(button, {
    label: name,
    kind: `filter-panel filter-${row.name}`,
    fill: (panel, close) => fillPanel(panel, close, row, app),
  });
  const show = (state) => {
    const set = isSet(state, row.keys);
    const text = set ? row.text(state) : name();
    words.textContent = text;
    button.title = set ? `${name()}: ${text}` : "";
    element.classList.toggle("set", Boolean(set));
    take.hidden = !set;
    take.setAttribute("aria-label", t("filters.remove", { name: name(), value: text }));
    if (set) button.setAttribute("aria-label", `${name()}: ${text}`);
    else button.removeAttribute("aria-label");
  };
  return { element, button, show };
}

/** Draws a panel with what the library has, and again whenever the filters change while it is open. */
function fillPanel(panel, close, row, app) {
  let pushed = false; // the first change is a step that Back undoes; those after it belong to it
  const apply = (changes) => {
    app.state.set(changes, { replace: pushed });
    pushed = true;
  };
  const waiting = make("p", { class: "quiet-note" }, t("filters.counting"));
  const content = PANELS[row.name](apply);
  panel.append(
    make(
      "div",
      { class: "panel-head" },
      make("h2", {}, t(`filters.${row.name}`)),
      make(
        "button",
        { class: "icon-button", type: "button", "aria-label": t("app.close"), onclick: close },
        icon("close"),
      ),
    ),
    waiting,
    content.element,
  );
  content.element.hidden = true;

  let asked = new AbortController();
  const refresh = async () => {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    try {
      const facets = await app.api.facets({ filters: app.state.filters() }, { signal });
      if (signal.aborted) return;
      waiting.hidden = true;
      content.element.hidden = false;
      content.show(facets, app.state.get());
    } catch (problem) {
      if (signal.aborted) return;
      waiting.hidden = false;
      waiting.textContent = t("filters.not_counted", { reason: problem.message });
    }
  };
  refresh();
  const ended = app.state.subscribe((now, before) => changed(before, now, FILTERS) && refresh());
  return () => {
    ended();
    asked.abort();
  };
}

/** The order of what is shown: by when it was taken where all pictures are, by match where something is asked for. */
function sorting(app) {
  const select = make("select", { class: "sorting", "aria-label": t("filters.order") });
  select.addEventListener("change", () => {
    app.state.set(asks(app.state.get()) ? { sort: select.value } : { order: select.value });
  });
  const option = (value, key) => make("option", { value }, t(`filters.${key}`));
  return {
    element: select,
    show(state) {
      select.hidden = state.view !== "";
      const asking = asks(state);
      const options = asking
        ? [
            ["", "best_first"],
            ["date", "by_date"],
          ]
        : [
            ["newest", "newest_first"],
            ["oldest", "oldest_first"],
          ];
      select.replaceChildren(...options.map(([value, key]) => option(value, key)));
      select.value = asking ? state.sort : state.order;
    },
  };
}
