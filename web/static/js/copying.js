/** Texts to the clipboard. */

import { make } from "./dom.js";

/** Copies a text and says `done`; where the browser lets no page copy, the text itself is said. */
export async function copyText(app, text, done) {
  app.toast((await copied(text)) ? done : text);
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedBySelecting(text); // no secure connection, as in the network at home: the old way is left
  }
}

function copiedBySelecting(text) {
  const field = make("textarea", { class: "visually-hidden", readonly: true, "aria-hidden": "true", tabindex: "-1" });
  const focused = document.activeElement;
  field.value = text;
  (document.querySelector("dialog[open]") ?? document.body).append(field); // a dialog lets nothing outside be selected
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  focused?.focus();
  return done;
}
