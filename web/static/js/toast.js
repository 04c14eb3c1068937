/** Short words at the edge of the page that go away by themselves, and wait while one points at them. */

import { make } from "./dom.js";

const SHOWN_FOR_MS = 5000;
const AT_ONCE = 3;

/** Makes `app.toast(text, {action: {text, run}})`: say it once, politely. */
export function mount(root, app) {
  app.toast = (text, { action = null } = {}) => {
    const toast = make("div", { class: "toast" }, make("span", {}, text));
    let timer = 0;
    const leave = () => toast.remove();
    const wait = () => {
      timer = setTimeout(leave, SHOWN_FOR_MS);
    };
    if (action) {
      toast.append(
        make(
          "button",
          {
            class: "button quiet",
            onclick: () => {
              leave();
              action.run();
            },
          },
          action.text,
        ),
      );
    }
    toast.addEventListener("pointerenter", () => clearTimeout(timer));
    toast.addEventListener("pointerleave", wait);
    while (root.children.length >= AT_ONCE) root.firstElementChild.remove();
    (document.querySelector("dialog[open]") ?? document.body).append(root); // a dialog hides what is not in it
    root.append(toast);
    wait();
  };
}
