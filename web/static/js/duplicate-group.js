/** One group of files that are the same picture: side by side, what tells them apart, and which one to keep. */

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { bytes, date } from "./i18n.js";

/** What the server says of the one to keep, in our texts; another reason is shown in its words. */
const WHYS = {
  "within reach": "reach",
  "the most pixels": "pixels",
  "says more of when, where and with what it was taken": "facts",
  "as many pixels and more bytes: compressed least": "bytes",
  "the oldest": "oldest",
  "not named as a copy": "name",
  "the shortest path": "path",
  "the first by name": "first",
  "in the folder to keep": "folder",
};

/**
 * @param {object} group as POST /duplicates gives it
 * @returns {{element, draw()}} draw() shows the marks as they are now
 */
export function groupCard(app, group, marks) {
  const { t } = app;
  const others = group.files.filter((file) => !file.keep);
  const allMarked = () => others.every((file) => marks.has(file));
  const mark = () => {
    const on = !allMarked();
    marks.set(group.files.map((file) => ({ file, group, on: on && !file.keep })));
  };
  const markOthers = make("button", { class: "button quiet", type: "button", onclick: mark });
  const cards = group.files.map((file) => fileCard(app, group, file, marks));
  const kind = t(`duplicates.${group.kind}_group`, { count: group.files.length });
  const head = make(
    "header",
    {},
    make("h2", {}, kind),
    make("span", { class: "quiet-note" }, told(group, t)),
    markOthers,
  );
  const files = make("div", { class: "duplicates-files" }, ...cards.map(({ element }) => element));

  function draw() {
    for (const card of cards) card.draw();
    markOthers.textContent = t(allMarked() ? "duplicates.unmark" : "duplicates.mark_others");
  }

  draw();
  return { element: make("article", { class: "duplicates-group", "aria-label": kind }, head, files), draw };
}

function told({ wasted_bytes: wasted, why }, t) {
  const reason = why in WHYS ? t(`duplicates.why_${WHYS[why]}`) : why;
  const size = wasted ? t("duplicates.wasted", { size: bytes(wasted) }) : "";
  return [size, reason && t("duplicates.kept_for", { why: reason })].filter(Boolean).join(" · ");
}

function fileCard(app, group, file, marks) {
  const { t } = app;
  const label = t("duplicates.open", { name: file.name });
  const image = make("img", { src: app.api.thumbnailUrl(file.image_id, 256, file.version), alt: "", loading: "lazy" });
  const show = () => app.open(file.image_id);
  const open = make(
    "button",
    { class: "duplicates-picture", type: "button", "aria-label": label, onclick: show },
    image,
  );
  const box = make("input", { type: "checkbox", onchange: () => marks.set([{ file, group, on: box.checked }]) });
  const words = make("span", {}, t("duplicates.mark"), make("span", { class: "visually-hidden" }, ` ${file.name}`));
  const element = make(
    "div",
    { class: `duplicates-file ${file.keep ? "keep" : ""}` },
    open,
    make("div", { class: "duplicates-badges" }, ...badges(file, group, t)),
    make("p", { class: "duplicates-name", title: file.path }, file.name),
    make("p", { class: "duplicates-where", title: file.path }, folderOf(file)),
    make("p", { class: "duplicates-facts" }, factsOf(file)),
    make("label", { class: "duplicates-mark" }, box, icon("check", 16), words),
  );
  const draw = () => {
    box.checked = marks.has(file);
    element.classList.toggle("marked", box.checked);
  };
  return { element, draw };
}

/** What tells a file from the others of its group. */
function badges(file, group, t) {
  const badge = (name, kind = "") => make("span", { class: `badge-text ${kind}` }, t(`duplicates.${name}`));
  const differ = (key) => group.files.some((other) => other[key] !== file[key]);
  return [
    file.keep ? badge("keep", "good") : null,
    file.largest && differ("largest") ? badge("largest") : null,
    file.oldest && differ("oldest") ? badge("oldest") : null,
    file.copy && file.copy !== "identical" ? badge(`copy_${file.copy}`) : null,
    file.compared === "fingerprints" ? badge("fingerprints") : null,
    file.offline ? badge("offline") : null,
  ].filter(Boolean);
}

/** Where it lies: the last two folders; the whole path is in the title. */
const folderOf = ({ path, name }) => {
  const folder = path.endsWith(name) ? path.slice(0, -name.length - 1) : path;
  const parts = folder.split(/[/\\]/).filter(Boolean);
  return parts.length > 2 ? `… / ${parts.slice(-2).join(" / ")}` : folder;
};

function factsOf({ width, height, size_bytes: size, taken_at: taken, modified_at: modified }) {
  const when = taken ?? modified;
  const facts = [
    width && height ? `${width} × ${height}` : "",
    size ? bytes(size) : "",
    when ? date(when, "shortDay") : "",
  ];
  return facts.filter(Boolean).join(" · ");
}
