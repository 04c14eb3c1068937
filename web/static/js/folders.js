/** The tree of folders one ticks: opened where something is ticked, and where there is only one way to go. */

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { number, t } from "./i18n.js";

const SEPARATOR = /[/\\]/;

/**
 * The tree of a list of folders: each hangs below the longest listed path that it lies in.
 * @param {{path: string, name: string, count: number}[]} folders
 */
export function treeOf(folders) {
  const top = [];
  const above = [];
  for (const folder of [...folders].sort((one, other) => compare(one.path, other.path))) {
    while (above.length && !liesIn(folder.path, above.at(-1).path)) above.pop();
    const node = { ...folder, below: [] };
    (above.at(-1)?.below ?? top).push(node);
    above.push(node);
  }
  return top;
}

const compare = (one, other) => {
  const [a, b] = [one.split(SEPARATOR), other.split(SEPARATOR)];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i].localeCompare(b[i], undefined, { numeric: true });
  }
  return a.length - b.length;
};

export const liesIn = (path, folder) => path.startsWith(folder) && SEPARATOR.test(path.charAt(folder.length));

/** The last part of a path. */
export const nameOf = (path) => path.split(SEPARATOR).filter(Boolean).at(-1) ?? path;

/** The detail of a picture, named by its file in one of these folders, where its best lies in none. */
export function shownInside(detail, folders) {
  const isInside = ({ path }) => folders.some((folder) => path === folder || liesIn(path, folder));
  const best = isInside(detail) ? null : detail.other_paths.filter(isInside).sort(shortestFirst)[0];
  if (!best) return detail;
  const { path, path_b64, offline } = detail;
  const others = detail.other_paths.map((one) => (one === best ? { path, path_b64, offline } : one));
  return { ...detail, ...best, name: nameOf(best.path), other_paths: others };
}

const shortestFirst = (one, other) => one.path.length - other.path.length || compare(one.path, other.path);

/** @returns {{element, show(folders, chosen: string[])}} a tree of check boxes; `onChange` hears all ticked paths. */
export function folderTree({ onChange }) {
  let chosen = [];
  const opened = new Set();
  const closed = new Set();
  let roots = [];
  const element = make("ul", { class: "tree", "aria-label": t("filters.folder") });

  const isOpen = (node, depth) => {
    if (closed.has(node.path)) return false;
    const leads = chosen.some((path) => liesIn(path, node.path));
    return opened.has(node.path) || leads || (depth === 0 && roots.length === 1);
  };

  const toggle = (node, open) => {
    (open ? closed : opened).delete(node.path);
    (open ? opened : closed).add(node.path);
    draw(`[data-twist="${CSS.escape(node.path)}"]`);
  };

  const tick = (node, on) => {
    const kept = chosen.filter((path) => path !== node.path && !(on && liesIn(path, node.path)));
    chosen = on ? [...kept, node.path] : kept;
    draw(`[data-tick="${CSS.escape(node.path)}"]`);
    onChange(chosen);
  };

  const branch = (node, depth, within) => {
    const ticked = within || chosen.includes(node.path);
    const open = isOpen(node, depth);
    const twist = make(
      "button",
      {
        class: "twist",
        type: "button",
        "data-twist": node.path,
        "aria-expanded": String(open),
        "aria-label": t(open ? "filters.close_folder" : "filters.open_folder", { name: node.name }),
        onclick: () => toggle(node, !open),
      },
      icon(open ? "down" : "right", 16),
    );
    const box = make("input", {
      type: "checkbox",
      "data-tick": node.path,
      disabled: within,
      onchange: () => tick(node, box.checked),
    });
    box.checked = ticked;
    return make(
      "li",
      {},
      make(
        "div",
        { class: "tree-row" },
        node.below.length ? twist : make("span", { class: "twist" }),
        make(
          "label",
          { class: "choice", title: node.path },
          box,
          icon("check", 16),
          make("span", { class: "choice-text" }, node.name || node.path),
          make("span", { class: "choice-count" }, number(node.count)),
        ),
      ),
      open && node.below.length ? make("ul", {}, ...node.below.map((child) => branch(child, depth + 1, ticked))) : null,
    );
  };

  function draw(focus = null) {
    const top = element.parentElement?.scrollTop;
    element.replaceChildren(...roots.map((node) => branch(node, 0, false)));
    if (focus) element.querySelector(focus)?.focus({ preventScroll: true });
    if (top) element.parentElement.scrollTop = top;
  }

  return {
    element,
    show(folders, ticked) {
      const focused = element.contains(document.activeElement) ? document.activeElement : null;
      const again = focused?.dataset.tick ? `[data-tick="${CSS.escape(focused.dataset.tick)}"]` : null;
      roots = treeOf(folders);
      chosen = [...ticked];
      draw(again);
    },
  };
}
