/** One group of files that are the same picture: side by side, what tells them apart, and which one to keep. */

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { bytes, date } from "./i18n.js";

/** @param {object} group as POST /duplicates gives it */
export function groupCard(app, group, marks) {
  const { t } = app;
  const boxes = new Map();
  const others = () => group.files.filter((file) => !file.keep);
  const markOthers = make("button", {
    class: "button quiet",
    type: "button",
    onclick: () => {
      const on = !others().every((file) => marks.has(file));
      marks.set(group.files.map((file) => ({ file, group, on: on && !file.keep })));
    },
  });

  const draw = () => {
    for (const [file, { box, card }] of boxes) {
      box.checked = marks.has(file);
      card.classList.toggle("marked", box.checked);
    }
    const all = others().length > 0 && others().every((file) => marks.has(file));
    markOthers.textContent = t(all ? "duplicates.unmark" : "duplicates.mark_others");
    markOthers.hidden = others().length === 0;
  };

  const cards = group.files.map((file) => {
    const { card, box } = fileCard(app, group, file, marks);
    boxes.set(file, { card, box });
    return card;
  });
  marks.subscribe(draw);
  draw();
  const kind = t(`duplicates.${group.kind}_group`, { count: group.files.length });
  const wasted = group.wasted_bytes ? t("duplicates.wasted", { size: bytes(group.wasted_bytes) }) : "";
  return make(
    "article",
    { class: "duplicates-group", "aria-label": kind },
    make("header", {}, make("h2", {}, kind), make("span", { class: "quiet-note" }, wasted), markOthers),
    make("div", { class: "duplicates-files" }, ...cards),
  );
}

function fileCard(app, group, file, marks) {
  const { t } = app;
  const image = make("img", { src: app.api.thumbnailUrl(file.image_id, 256), alt: "", loading: "lazy" });
  const open = make(
    "button",
    {
      class: "duplicates-picture",
      type: "button",
      "aria-label": t("duplicates.open", { name: file.name }),
      onclick: () => app.open(file.image_id),
    },
    image,
  );
  const box = make("input", { type: "checkbox", onchange: () => marks.set([{ file, group, on: box.checked }]) });
  const mark = make(
    "label",
    { class: "duplicates-mark" },
    box,
    icon("check", 16),
    make("span", {}, t("duplicates.mark")),
  );
  const card = make(
    "div",
    { class: `duplicates-file ${file.keep ? "keep" : ""}` },
    open,
    make("div", { class: "duplicates-badges" }, ...badges(file, group, t)),
    make("p", { class: "duplicates-name", title: file.path }, file.name),
    make("p", { class: "duplicates-where", title: file.path }, folderOf(file)),
    make("p", { class: "duplicates-facts" }, factsOf(file)),
    mark,
  );
  return { card, box };
}

/** What speaks for a file, where the group's files differ in it. */
function badges(file, group, t) {
  const badge = (name, kind = "") => make("span", { class: `badge-text ${kind}` }, t(`duplicates.${name}`));
  const differ = (key) => group.files.some((other) => other[key] !== file[key]);
  return [
    file.keep ? badge("keep", "good") : null,
    file.largest && differ("largest") ? badge("largest") : null,
    file.oldest && differ("oldest") ? badge("oldest") : null,
  ].filter(Boolean);
}

const folderOf = ({ path, name }) => (path.endsWith(name) ? path.slice(0, -name.length - 1) : path);

function factsOf({ width, height, size_bytes: size, taken_at: taken, modified_at: modified }) {
  const when = taken ?? modified;
  return [width && height ? `${width} × ${height}` : "", size ? bytes(size) : "", when ? date(when, "shortDay") : ""]
    .filter(Boolean)
    .join(" · ");
}
