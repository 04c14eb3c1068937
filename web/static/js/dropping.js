/**
 * A picture dropped or pasted is looked for at once, by itself; dropped onto the search box, or chosen there, together with
 * the words. A picture of the grid is dropped onto the box, too.
 */

import { Problem, wasAborted } from "./api.js";
import { make } from "./dom.js";
import { icon } from "./icons.js";
import { DRAGGED } from "./tile.js";

export function mount(root, app) {
  const { t } = app;
  let depth = 0; // dragenter and dragleave come for every element that is passed
  root.append(make("div", { class: "drop-card" }, icon("picture"), make("p", {}, t("frame.drop-here"))));

  const ours = ({ dataTransfer }) => dataTransfer?.types.includes(DRAGGED);
  const carries = (event) => event.dataTransfer?.types.includes("Files") || ours(event);
  const show = (shown) => {
    root.hidden = !shown;
    if (!shown) depth = 0;
  };

  addEventListener("dragenter", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    depth += 1;
    show(!ours(event));
    document.documentElement.classList.toggle("dragging", ours(event));
  });
  addEventListener("dragleave", () => {
    depth -= 1;
    if (depth <= 0) show(false);
  });
  addEventListener("dragend", () => document.documentElement.classList.remove("dragging"));
  addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = ours(event) ? "link" : "copy";
  });
  addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    show(false);
    document.documentElement.classList.remove("dragging");
    const join = Boolean(event.target.closest?.("#search-box"));
    if (!ours(event)) return take(app, event.dataTransfer.files[0], { join });
    if (join) app.pictures.add(Number(event.dataTransfer.getData(DRAGGED)));
  });
  addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    if (!file) return;
    event.preventDefault();
    take(app, file);
  });
}

/** Uploads it and shows what is like it; what is no picture is said. */
export async function take(app, file, { join = false } = {}) {
  if (!file) return;
  app.busy?.(true);
  try {
    await app.pictures.upload(file, { join });
  } catch (error) {
    if (wasAborted(error)) return;
    if (!(error instanceof Problem)) throw error;
    app.toast?.(app.t("frame.upload-failed", { why: error.detail }), { kind: "problem" });
  } finally {
    app.busy?.(false);
  }
}
