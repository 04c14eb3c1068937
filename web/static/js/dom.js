/** Elements without a framework: made in one call, never from HTML texts. */

import { icon } from "./icons.js";

/**
 * make("button", {class: "chip", type: "button", onclick: fn, "aria-label": "…"}, child, "text").
 * Attributes that are null, undefined or false are left out; on… are listeners; children that are null are left out.
 */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A button that is an icon; `label` is said by screen readers and shown when one waits above it. */
export const iconButton = (name, label, attributes = {}) =>
  make(
    "button",
    { type: "button", class: "icon-button", "aria-label": label, title: label, ...attributes },
    icon(name),
  );

/** fn, once no call came for so many milliseconds; `.now()` does it at once, `.stop()` not at all. */
export function later(ms, fn) {
  let timer = 0;
  const wait = (...values) => {
    clearTimeout(timer);
    timer = setTimeout(fn, ms, ...values);
  };
  wait.stop = () => clearTimeout(timer);
  wait.now = (...values) => {
    clearTimeout(timer);
    fn(...values);
  };
  return wait;
}
