/** The search box: words as they are typed, the pictures that take part as chips, and the button to choose one. */

import { drawChips } from "./chips.js";
import { iconButton, later, make } from "./dom.js";
import { take } from "./dropping.js";
import { icon } from "./icons.js";
import { ASKED, changed } from "./state.js";

const TYPING_MS = 150;
const ONE_THOUGHT_MS = 3000; // typing without a longer pause is one step for Back

export function mount(root, app) {
  const { state, t } = app;
  const onGlass = matchMedia("(pointer: coarse)").matches;
  let last = -Infinity;

  const input = make("input", {
    type: "search",
    class: "search-input",
    id: "q",
    name: "q",
    placeholder: t(onGlass ? "frame.placeholder-touch" : "frame.placeholder"),
    "aria-label": t("frame.search"),
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    enterkeyhint: "search",
  });
  const chosen = make("input", {
    type: "file",
    accept: "image/*",
    class: "visually-hidden",
    tabindex: "-1",
    "aria-hidden": "true",
  });
  const clear = iconButton("close", t("frame.clear"), { onclick: () => clearAll(), hidden: true });
  const choose = iconButton("picture", t("frame.choose-picture"), { onclick: () => chosen.click() });
  const chips = make("div", { class: "query-chips" });
  const form = make(
    "form",
    { class: "search-form", autocomplete: "off" },
    icon("search"),
    chips,
    input,
    clear,
    choose,
    chosen,
  );
  root.append(form);

  const soon = later(TYPING_MS, ask);

  function ask() {
    const q = input.value;
    const replace = performance.now() - last < ONE_THOUGHT_MS && Boolean(state.get().q);
    last = performance.now();
    state.set({ q, view: "" }, { replace }); // a picture that was opened meanwhile stays open
  }

  function clearAll() {
    soon.stop();
    last = -Infinity;
    state.set({ q: "", not: [], like: [], unlike: [], upload: "", weight: null, match: "" });
    input.value = "";
    input.focus();
  }

  /** To the pictures, where the page's keys are heard. */
  function leave() {
    if (app.list.length && !onGlass) app.grid.focus(app.grid.active);
    else input.blur();
  }

  function show(now) {
    if (now.q !== input.value && (document.activeElement !== input || !input.value.startsWith(now.q) || !now.q))
      input.value = now.q;
    drawChips(chips, app);
    clear.hidden = !(input.value || chips.childElementCount);
  }

  input.addEventListener("input", (event) => {
    clear.hidden = !(input.value || chips.childElementCount);
    if (!event.isComposing) soon();
  });
  input.addEventListener("compositionend", () => soon());
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") input.value ? clearAll() : leave();
    else if (event.key === "ArrowDown" && !event.isComposing) {
      if (input.value !== state.get().q) soon.now(); // what was typed a moment ago counts
      app.grid.focus(app.grid.active);
    } else if (event.key === "Backspace" && input.selectionEnd === 0)
      [...chips.querySelectorAll(".chip-remove")].at(-1)?.click();
    else return;
    event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    soon.now();
    if (onGlass) input.blur(); // the keyboard on the glass covers what was found
  });
  chosen.addEventListener("change", async () => {
    await take(app, chosen.files[0], { join: true });
    chosen.value = "";
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || isTyping(event.target) || state.get().open !== null) return;
    event.preventDefault();
    input.focus();
    input.select();
  });

  state.subscribe((now, before) => {
    if (changed(before, now, ASKED)) show(now);
  });
  show(state.get());
  if (matchMedia("(hover: hover)").matches && state.get().open === null) input.focus({ preventScroll: true });
}

const isTyping = (element) =>
  element.matches?.("input, textarea, select, [contenteditable]") && element.type !== "checkbox";
