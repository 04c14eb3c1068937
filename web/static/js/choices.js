/** A list one ticks: words with their counts, one or several, narrowed by typing. Knows nothing of filters. */

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { number, t } from "./i18n.js";

const FIND_FROM = 9; // shorter lists are seen at a glance
const SHOWN_AT_ONCE = 200;

/**
 * @param {object} options
 * @param {string} options.label what the list is of, for those who hear the page
 * @param {boolean} options.several ticks, else one at most: a second click takes it back
 * @param {(values: string[]) => void} options.onChange hears all that is ticked now
 * @returns {{element: HTMLElement, show(items: {value, text, count}[], chosen: string[]): void}}
 */
export function choices({ label, several, onChange }) {
  let items = [];
  let chosen = [];
  const find = make("input", {
    class: "field",
    type: "search",
    placeholder: t("filters.find"),
    "aria-label": t("filters.find"),
    hidden: true,
    oninput: () => draw(),
  });
  const rows = make("div", { class: "choices", role: "group", "aria-label": label });
  const none = make("p", { class: "quiet-note", hidden: true }, t("filters.nothing"));
  const drawn = new Map();

  const tick = (value, on) => {
    if (several) chosen = on ? [...chosen, value] : chosen.filter((other) => other !== value);
    else chosen = on ? [value] : [];
    draw();
    onChange(chosen);
  };

  const row = (item) => {
    const box = make("input", { type: "checkbox", onchange: () => tick(item.value, box.checked) });
    const count = make("span", { class: "choice-count" });
    const element = make(
      "label",
      { class: "choice" },
      box,
      icon("check", 16),
      make("span", { class: "choice-text", title: item.text }, item.text),
      count,
    );
    return { element, box, count };
  };

  function draw() {
    const typed = find.value.trim().toLocaleLowerCase();
    const shown = items.filter((item) => item.text.toLocaleLowerCase().includes(typed)).slice(0, SHOWN_AT_ONCE);
    const wanted = shown.map((item) => {
      if (!drawn.has(item.value)) drawn.set(item.value, row(item));
      const { element, box, count } = drawn.get(item.value);
      box.checked = chosen.includes(item.value);
      element.classList.toggle("empty", item.count === 0 && !box.checked);
      count.textContent = item.count === null ? "" : number(item.count);
      return element;
    });
    if (wanted.length !== rows.children.length || wanted.some((element, i) => rows.children[i] !== element)) {
      const focused = document.activeElement;
      rows.replaceChildren(...wanted);
      if (rows.contains(focused)) focused.focus();
    }
    none.hidden = shown.length > 0;
  }

  return {
    element: make("div", { class: "choices-with-find" }, find, rows, none),
    show(next, ticked) {
      const gone = ticked.filter((value) => !next.some((item) => item.value === value));
      items = [...gone.map((value) => ({ value, text: value, count: 0 })), ...next];
      chosen = [...ticked];
      find.hidden = items.length < FIND_FROM;
      draw();
    },
  };
}
