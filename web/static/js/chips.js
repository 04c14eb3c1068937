/** The pictures of the query as chips in the search box: what is looked for, what is kept away from. */

import { make } from "./dom.js";
import { icon } from "./icons.js";

export function drawChips(root, app) {
  const { api, pictures, t } = app;
  const { like, unlike, upload, weight, q } = app.state.get();
  const drawn = [];
  if (upload)
    drawn.push(chip(api.uploadThumbnailUrl(upload, 128), t("frame.your-picture"), "like", app, pictures.forgetUpload));
  for (const id of like)
    drawn.push(chip(api.thumbnailUrl(id, 128), t("frame.looks-like"), "like", app, () => pictures.remove(id), id));
  for (const id of unlike)
    drawn.push(chip(api.thumbnailUrl(id, 128), t("frame.not-like"), "unlike", app, () => pictures.remove(id), id));
  if (q.trim() && (upload || like.length)) drawn.push(balance(app, weight));
  if (drawn.length === root.childElementCount && root.contains(document.activeElement) && drawn.length)
    keepFocus(root, drawn);
  else root.replaceChildren(...drawn);
}

/** The slider must not lose the hand that moves it. */
function keepFocus(root, drawn) {
  const slider = root.querySelector("input");
  if (slider) drawn[drawn.length - 1] = slider.parentElement;
  root.replaceChildren(...drawn);
  slider?.focus();
}

function chip(address, label, kind, app, remove, id = null) {
  const gone = app.t("frame.remove", { what: label });
  return make(
    "span",
    { class: `query-chip ${kind}`, title: label },
    turnable(thumbnail(address, label), kind, app, id),
    make(
      "button",
      { type: "button", class: "chip-remove", "aria-label": gone, title: gone, onclick: remove },
      icon("close"),
    ),
  );
}

/** Where the picture is no longer to be had, a sign of one. */
function thumbnail(address, label) {
  const image = make("img", { src: address, alt: label, width: 32, height: 32 });
  image.addEventListener("error", () =>
    image.replaceWith(make("span", { class: "chip-lost", role: "img", "aria-label": label }, icon("picture"))),
  );
  return image;
}

/** A click on a library's picture turns "like" to "not like", and back. */
function turnable(image, kind, app, id) {
  if (id === null) return image;
  const other = kind === "like" ? "unlike" : "like";
  const label = app.t(kind === "like" ? "frame.turn-away" : "frame.turn-to");
  return make(
    "button",
    {
      type: "button",
      class: "chip-turn",
      "aria-label": label,
      title: label,
      onclick: () => app.pictures.add(id, other),
    },
    image,
  );
}

/** How much the pictures count beside the words: from a quarter to four times. */
function balance({ state, t }, weight) {
  const label = t("frame.balance");
  const slider = make("input", {
    type: "range",
    min: -2,
    max: 2,
    step: 0.5,
    value: Math.log2(weight ?? 1),
    "aria-label": label,
    title: label,
  });
  slider.addEventListener("change", () => {
    const value = 2 ** Number(slider.value);
    state.set({ weight: value === 1 ? null : value }, { replace: true });
  });
  return make("span", { class: "balance" }, slider);
}
