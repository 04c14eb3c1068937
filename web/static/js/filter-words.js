/** What filters are called on the page: ranges of days, and places. */

import { cityNear } from "./cities.js";
import { date, t } from "./i18n.js";

const dayBefore = (day) => new Date(Date.parse(`${day}T00:00:00Z`) - 1).toISOString().slice(0, 10);

/** What a chip says of a range of days; the end is shown as people mean it, the last day within. */
export function rangeText(from, before) {
  const begins = from && (from.endsWith("-01-01") ? date(from, "year") : date(from, "shortDay"));
  const ends =
    before && (before.endsWith("-01-01") ? date(dayBefore(before), "year") : date(dayBefore(before), "shortDay"));
  if (!before) return t("filters.since", { day: begins });
  if (!from) return t("filters.up_to", { day: ends });
  const mixed = from.endsWith("-01-01") !== before.endsWith("-01-01");
  const [first, last] = mixed ? [date(from, "shortDay"), date(dayBefore(before), "shortDay")] : [begins, ends];
  return first === last ? first : `${first} – ${last}`;
}

/** A place by its numbers: "48.9° N, 2.3° E". */
export function coordinates({ latitude, longitude }, digits = 1) {
  const written = (value, positive, negative) =>
    `${Math.abs(value).toFixed(digits)}° ${value < 0 ? negative : positive}`;
  const north = written(latitude, t("filters.north"), t("filters.south"));
  return `${north}, ${written(longitude, t("filters.east"), t("filters.west"))}`;
}

/** A place by the city it is near, where loadCities() brought some; else by its numbers. */
export const placeText = (place) => cityNear(place) || coordinates(place);
