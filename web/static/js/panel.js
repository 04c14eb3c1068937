/** A dialog over the page with a title and a way out; one at a time. */

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";

/** Opens it; `ended` is called when it closes. Gives the dialog, whose close() closes it. */
export function openDialog(root, title, content, { kind = "", ended = null } = {}) {
  root.querySelector("dialog")?.close();
  const shut = make(
    "button",
    { class: "icon-button", type: "button", "aria-label": t("app.close"), onclick: () => dialog.close() },
    icon("close"),
  );
  const dialog = make(
    "dialog",
    { class: `panel ${kind}`, "aria-label": title },
    make("header", { class: "panel-head" }, make("h2", {}, title), shut),
    make("div", { class: "panel-body" }, content),
  );
  dialog.addEventListener("close", () => {
    dialog.remove();
    ended?.();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
  root.append(dialog);
  dialog.showModal();
  return dialog;
}
