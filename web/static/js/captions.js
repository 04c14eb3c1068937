/** The captions of a picture, where each is from; and, when asked for, texts of the library that describe it. */

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { percent } from "./i18n.js";

const DESCRIPTIONS = 5;

export function captionList(app, captions) {
  const { t } = app;
  const row = ({ text, source, model, match, kept }) => {
    const from = [t(`lightbox.from_${source}`), model].filter(Boolean).join(" · ");
    const told = [from, match === null || match === undefined ? "" : t("lightbox.fits", { share: percent(match) })];
    if (kept === false) told.push(t("lightbox.set_aside"));
    return make(
      "li",
      { class: kept === false ? "caption aside" : "caption" },
      make("span", {}, text),
      make("small", {}, told.filter(Boolean).join(" · ")),
    );
  };
  if (!captions.length) return make("p", { class: "quiet-note" }, t("lightbox.no_captions"));
  return make("ul", { class: "captions" }, ...captions.map(row));
}

/** A button that asks which texts of the library fit this picture, and the texts. */
export function describing(app, id) {
  const { t } = app;
  const place = make("div", { class: "describing", "aria-live": "polite" });
  if (app.session?.features?.describe === false) return place;
  const ask = async () => {
    button.disabled = true;
    button.querySelector("span").textContent = t("lightbox.describing");
    try {
      const { descriptions } = await app.api.describe({ image_id: id, k: DESCRIPTIONS });
      place.replaceChildren(
        descriptions.length
          ? texts(descriptions, t)
          : make("p", { class: "quiet-note" }, t("lightbox.no_descriptions")),
      );
    } catch (problem) {
      place.replaceChildren(make("p", { class: "problem", role: "alert" }, problem.message));
    }
  };
  const button = make(
    "button",
    { class: "button", type: "button", onclick: ask },
    icon("spark", 18),
    make("span", {}, t("lightbox.describe")),
  );
  place.append(button);
  return place;
}

function texts(descriptions, t) {
  const row = ({ text, origin, score, match }) => {
    const fits = match === null || match === undefined ? null : t("lightbox.fits", { share: percent(match) });
    const cosine = score === null || score === undefined ? null : t("lightbox.cosine_is", { value: score.toFixed(3) });
    return make(
      "li",
      { class: "caption" },
      make("span", {}, text),
      make("small", {}, [t(`lightbox.origin_${origin}`), fits ?? cosine].filter(Boolean).join(" · ")),
    );
  };
  return make("ul", { class: "captions" }, ...descriptions.map(row));
}
