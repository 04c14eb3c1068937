/** How a hit fits what was asked: the match and the cosine, each explained where one wants to know. */

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { percent } from "./i18n.js";
import { opensPanel } from "./popover.js";

/** An element for a hit of an answer; null for pictures that nothing was asked about. */
export function fitting(app, hit) {
  if (typeof hit?.score !== "number") return null;
  const { t } = app;
  const meters = [];
  if (typeof hit.match === "number") meters.push(meter(t, "match", percent(hit.match), hit.match));
  meters.push(meter(t, "cosine", hit.score.toFixed(3), Math.max(0, hit.score)));
  const words = hit.matched_words?.length
    ? make("p", { class: "quiet-note" }, t("lightbox.words_found", { words: hit.matched_words.join(", ") }))
    : null;
  return make("section", { class: "fitting" }, ...meters, words);
}

function meter(t, name, value, share) {
  const fill = make("span", { class: "meter-fill" });
  fill.style.width = `${Math.round(100 * Math.min(1, share))}%`;
  const why = make(
    "button",
    { class: "explain", type: "button", "aria-label": t("lightbox.explain", { what: t(`lightbox.${name}`) }) },
    icon("info", 16),
  );
  opensPanel(why, {
    label: () => t(`lightbox.${name}`),
    kind: "explanation",
    fill: (panel) => {
      panel.append(make("p", { tabindex: "-1", autofocus: true }, t(`lightbox.${name}_explained`)));
    },
  });
  return make(
    "div",
    { class: `meter ${name}` },
    make("span", { class: "meter-name" }, t(`lightbox.${name}`), why),
    make("span", { class: "meter-value" }, value),
    make("span", { class: "meter-bar", "aria-hidden": "true" }, fill),
  );
}
