/** What stands above a section of the grid: a day, the copies of a picture, where matches probably end. */

import { make } from "./dom.js";

const KINDS = {
  days: ({ day, last }, { language }) => [
    day === last ? language.date(day, "day") : language.dateRange(...[day, last].sort()),
  ],
  month: ({ day }, { language }) => [language.date(day, "month")],
  year: ({ day }, { language }) => [language.date(day, "year")],
  undated: (_, { t }) => [t("frame.undated")],
  copies: ({ count }, { t }) => [t("frame.copies", { count })],
  "no-copies": (_, { t }) => [t("frame.no-copies")],
  similar: (_, { t }) => [t("frame.similar")],
  below: (_, { t }) => [line(t("frame.below"))],
  none: (_, { t }) => [line(t("frame.none-matches"))],
  closest: (_, { t }) => [line(t("frame.closest"))],
};

const line = (text) => make("span", { class: "match-line" }, text);

/** The children of a section's heading. */
export const headingOf = (section, app) => KINDS[section.kind](section, app);

/** What a section of dates is called where there is little room: "May 2019"; '' for other sections. */
export function shortName(section, { language, t }) {
  if (section.kind === "undated") return t("frame.undated");
  if (section.kind === "year") return language.date(section.day, "year");
  return section.day ? language.date(section.day, "month") : "";
}
