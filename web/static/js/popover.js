/** A panel that opens under its button, closes by Escape or a click elsewhere, and is a sheet at the bottom of a phone. */

import { make } from "./dom.js";

const MARGIN = 8;
const SHEET = matchMedia("(max-width: 640px)");

/**
 * Makes a button open a panel. `fill(panel, close)` puts its content in, each time it opens; what it returns, if
 * anything, is called when the panel closes.
 */
export function opensPanel(button, { label, fill, kind = "" }) {
  let panel = null;
  button.setAttribute("aria-haspopup", "dialog");
  button.setAttribute("aria-expanded", "false");

  const close = () => panel?.hidePopover();
  const open = () => {
    const looks = { class: `popover ${kind}`, popover: "auto", role: "dialog", "aria-label": label(), tabindex: "-1" };
    const mine = make("div", looks);
    panel = mine;
    (button.closest("dialog") ?? document.body).append(mine); // beside a dialog it could not be used
    const ended = fill(mine, close);
    mine.addEventListener("toggle", (event) => {
      if (event.newState !== "closed") return;
      if (panel === mine) panel = null;
      button.setAttribute("aria-expanded", "false");
      removeEventListener("resize", replace);
      mine.remove();
      ended?.();
    });
    const replace = () => place(mine, button);
    addEventListener("resize", replace);
    mine.showPopover();
    button.setAttribute("aria-expanded", "true");
    replace();
    enter(mine);
  };

  // A press on the button closes an open panel by itself (a click elsewhere); its click must not open it again.
  let wasOpen = false;
  button.addEventListener("pointerdown", () => {
    wasOpen = panel !== null;
  });
  button.addEventListener("click", (event) => {
    const closing = panel !== null || (event.detail > 0 && wasOpen);
    wasOpen = false;
    if (closing) close();
    else open();
  });
  return { open, close, isOpen: () => panel !== null };
}

/** The focus goes to what is marked for it, else to the first that can be seen; to the panel where nothing is yet. */
function enter(panel) {
  const all = [...panel.querySelectorAll("input, button, select, a[href], [tabindex]")];
  const first = all.find((one) => one.checkVisibility());
  (panel.querySelector("[autofocus]") ?? first ?? panel).focus({ preventScroll: true });
}

/** Puts the panel below its button, inside the window; style sheets place the sheet of a phone. */
function place(panel, button) {
  if (SHEET.matches) {
    panel.removeAttribute("style");
    return;
  }
  const at = button.getBoundingClientRect();
  const top = Math.round(at.bottom + 6);
  const { right } = (button.closest("dialog") ?? document.body).getBoundingClientRect(); // a scroll bar has its own
  const left = Math.max(MARGIN, Math.min(at.left, right - panel.offsetWidth - MARGIN));
  Object.assign(panel.style, {
    left: `${Math.round(left)}px`,
    top: `${top}px`,
    maxHeight: `${Math.max(160, innerHeight - top - MARGIN)}px`,
  });
}
