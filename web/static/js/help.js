/** Every key of the page, in one table; `?` shows it. */

import { make } from "./dom.js";
import { isFree } from "./keys.js";
import { openDialog } from "./panel.js";

/**
 * Groups of rows: keys, the text that says what they do, and the feature of the session that they need. Who hears a
 * key is the part that does it.
 */
const KEYS = [
  [
    "help.everywhere",
    [
      [["/"], "help.box"],
      [["?"], "help.help"],
      [["f"], "help.filters"],
      [["x"], "help.duplicates"],
      [["j"], "help.jobs", "jobs"],
      [["Esc"], "help.escape"],
    ],
  ],
  [
    "help.pictures",
    [
      [["←", "→", "↑", "↓"], "help.move"],
      [["Home", "End"], "help.ends"],
      [["Enter"], "help.open"],
      [["m"], "help.more"],
      [["l"], "help.less"],
      [["s"], "help.stack"],
    ],
  ],
  [
    "help.picture",
    [
      [["←", "→"], "help.turn"],
      [["+", "-"], "help.zoom"],
      [["0"], "help.fit"],
      [["z"], "help.toggle"],
      [["i"], "help.info"],
      [["d"], "help.download"],
      [["c"], "help.copy"],
      [["o"], "help.reveal", "reveal"],
    ],
  ],
  [
    "help.dates",
    [
      [["←", "→"], "help.bar"],
      [["Page↑", "Page↓"], "help.bars"],
    ],
  ],
  [
    "help.edge",
    [
      [["↑", "↓"], "help.heading"],
      [["Page↑", "Page↓"], "help.headings"],
      [["Home", "End"], "help.edges"],
    ],
  ],
  [
    "help.map",
    [
      [["←", "→", "↑", "↓"], "help.map_move"],
      [["+", "-"], "help.map_zoom"],
      [["Enter"], "help.map_take"],
    ],
  ],
];

export function mount(root, app) {
  const { t } = app;
  app.showHelp = () => openDialog(root, t("help.title"), content(app), { kind: "help" });
  addEventListener("keydown", (event) => {
    if (event.key !== "?" || !isFree(event)) return;
    event.preventDefault();
    app.showHelp();
  });
}

function content({ t, session }) {
  const isThere = ([, , feature]) => !feature || session?.features?.[feature];
  const key = (name) => make("kbd", {}, name);
  const row = ([keys, does]) =>
    make("div", { class: "help-row" }, make("dt", {}, ...keys.map(key)), make("dd", {}, t(does)));
  const group = ([title, rows]) =>
    make("section", {}, make("h3", {}, t(title)), make("dl", {}, ...rows.filter(isThere).map(row)));
  return make("div", { class: "help-groups" }, ...KEYS.map(group));
}
