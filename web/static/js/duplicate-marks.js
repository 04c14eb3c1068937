/** Which files are marked, and the list of them one takes away. Nothing is deleted here, nor anywhere by us. */

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { bytes } from "./i18n.js";

const COLUMNS = ["path", "name", "image_id", "kind", "width", "height", "size_bytes", "taken_at", "kept_instead"];

/** Files by path, in the order they were marked. */
export function createMarks() {
  const files = new Map();
  const heard = new Set();
  const tell = () => heard.forEach((fn) => fn());
  return {
    has: (file) => files.has(file.path),
    /** Marks or takes back several at once: [{file, group, on}]. */
    set(changes) {
      for (const { file, group, on } of changes) {
        if (on) files.set(file.path, { ...file, kind: group.kind, kept_instead: keptOf(group, file) });
        else files.delete(file.path);
      }
      tell();
    },
    clear() {
      files.clear();
      tell();
    },
    all: () => [...files.values()],
    subscribe: (fn) => heard.add(fn),
  };
}

const keptOf = (group, file) => group.files.find((other) => other.keep && other.path !== file.path)?.path ?? "";

/** The bar at the bottom: how many are marked, and their list as CSV or as plain paths. */
export function exporting(app, marks) {
  const { t } = app;
  const words = make("p", { role: "status" });
  const button = (key, name, run, kind = "") =>
    make("button", { class: `button ${kind}`, type: "button", onclick: run }, icon(name, 18), t(`duplicates.${key}`));
  const bar = make(
    "div",
    { class: "duplicates-export", role: "region", "aria-label": t("duplicates.marked_files"), hidden: true },
    words,
    button("unmark_all", "close", () => marks.clear(), "quiet"),
    button("as_paths", "download", () => save("marked.txt", "text/plain", pathsOf(marks.all()))),
    button("as_csv", "download", () => save("marked.csv", "text/csv", csvOf(marks.all())), "primary"),
  );
  marks.subscribe(() => {
    const files = marks.all();
    bar.hidden = files.length === 0;
    const size = bytes(files.reduce((sum, file) => sum + (file.size_bytes ?? 0), 0));
    words.textContent = t("duplicates.marked", { count: files.length, size });
  });
  return bar;
}

export const pathsOf = (files) => files.map(({ path }) => `${path}\n`).join("");

/** RFC 4180. What a spreadsheet would take for a formula gets an apostrophe before it. */
export function csvOf(files) {
  const cell = (value) => {
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? "");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const line = (file) => COLUMNS.map((column) => cell(file[column])).join(",");
  return [COLUMNS.join(","), ...files.map(line)].map((row) => `${row}\r\n`).join("");
}

function save(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000); // the download has begun by then
}
