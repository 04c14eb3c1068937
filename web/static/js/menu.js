/** The menu of the page: what is shown, jobs, light or dark, the language, the keys, and what answers here. */

import { make } from "./dom.js";
import { LANGUAGES, setLanguage } from "./i18n.js";
import { icon } from "./icons.js";
import { isFree } from "./keys.js";
import { opensPanel } from "./popover.js";
import { setTheme, theme } from "./theme-switch.js";

const THEMES = ["system", "light", "dark"];

export function mount(root, app) {
  const { t } = app;
  const button = make(
    "button",
    { class: "icon-button", type: "button", "aria-label": t("menu.name"), title: t("menu.name") },
    icon("menu"),
  );
  opensPanel(button, { label: () => t("menu.name"), kind: "menu", fill: (panel, close) => fill(panel, close, app) });
  root.append(button);
  const turn = () => app.state.set({ view: app.state.get().view ? "" : "duplicates", open: null });
  addEventListener("keydown", (event) => {
    if (event.key !== "x" || !isFree(event)) return;
    event.preventDefault();
    turn();
  });
}

function fill(panel, close, app) {
  const { t } = app;
  const { view } = app.state.get();
  const item = (name, symbol, run, attributes = {}) =>
    make(
      "button",
      {
        class: "menu-item",
        type: "button",
        ...attributes,
        onclick: () => {
          close();
          run();
        },
      },
      icon(symbol, 18),
      make("span", {}, t(`menu.${name}`)),
    );
  const showing = (name, wanted, symbol) =>
    item(name, symbol, () => app.state.set({ view: wanted, open: null }), { "aria-current": String(view === wanted) });
  panel.append(
    showing("pictures", "", "pictures"),
    showing("duplicates", "duplicates", "alike"),
    app.session?.features?.jobs ? item("jobs", "jobs", () => app.showJobs()) : "",
    make("hr", {}),
    switches(
      t("menu.theme"),
      THEMES.map((name) => [name, t(`menu.${name}`)]),
      theme(),
      setTheme,
    ),
    switches(t("menu.language"), Object.entries(LANGUAGES), document.documentElement.lang.slice(0, 2), setLanguage),
    make("hr", {}),
    item("keys", "keyboard", () => app.showHelp()),
    ...(canLeave(app) ? [item("leave", "key", () => leave(app))] : []),
    about(app),
  );
}

/** One of a few, as radio buttons in a row. */
function switches(title, options, now, choose) {
  const one = ([value, words]) => {
    const box = make("input", { type: "radio", name: title, value, onchange: () => choose(value) });
    box.checked = value === now;
    return make("label", {}, box, make("span", {}, words));
  };
  return make("fieldset", { class: "switches" }, make("legend", {}, title), make("div", {}, ...options.map(one)));
}

/** Whoever came with a token can put it away; who sits at the machine needs none. */
const canLeave = (app) => app.session?.scope === "search";

async function leave(app) {
  try {
    await app.api.logOut();
    location.reload();
  } catch (problem) {
    app.toast(problem.message);
  }
}

function about(app) {
  const { session, t } = app;
  if (!session) return "";
  const model = session.model ? t("menu.model", { name: session.model }) : t("menu.no_model");
  return make("p", { class: "menu-about" }, `${session.library} · ${model} · search ${session.version}`);
}
