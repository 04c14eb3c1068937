/** The facts of a picture, one row each: how it is written, and which filter shows others like it in that. */

import { cityNear } from "./cities.js";
import { coordinates } from "./filter-words.js";
import { bytes, date, number } from "./i18n.js";

const DAY_MS = 86_400_000;
const NEARBY_KM = 5;

const takenOn = ({ taken_at: taken }) => {
  const day = taken.slice(0, 10);
  return { from: day, before: new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10) };
};

const size = ({ width, height }, t) => {
  if (!width || !height) return "";
  const pixels = `${width} × ${height}`;
  const mega = (width * height) / 1e6;
  return mega >= 0.95 ? `${pixels} · ${t("lightbox.megapixels", { count: number(mega, mega < 10 ? 1 : 0) })}` : pixels;
};

const place = ({ latitude, longitude }) => {
  if (latitude === null || latitude === undefined) return "";
  const at = { latitude, longitude };
  return [cityNear(at), coordinates(at, 4)].filter(Boolean).join(" · ");
};

const near = ({ latitude, longitude }) => ({
  near: { latitude: round(latitude), longitude: round(longitude), radius_km: NEARBY_KM },
});
const round = (degrees) => Math.round(degrees * 1000) / 1000;

/** `text` is "" where nothing is known; `narrows`, the changes of the state that show others. */
export const FACTS = [
  {
    name: "taken",
    text: (picture, t) =>
      picture.taken_at
        ? date(picture.taken_at, "moment") +
          (picture.taken_source === "file" ? ` (${t("lightbox.taken_guessed")})` : "")
        : "",
    narrows: (picture) => (picture.taken_at ? takenOn(picture) : null),
  },
  { name: "camera", text: ({ camera }) => camera ?? "", narrows: ({ camera }) => (camera ? { camera } : null) },
  { name: "lens", text: ({ lens }) => lens ?? "" },
  { name: "place", text: place, narrows: (picture) => (place(picture) ? near(picture) : null) },
  { name: "size", text: size },
  {
    name: "file_kind",
    text: ({ format, size_bytes: length }) =>
      [format?.toUpperCase(), length ? bytes(length) : ""].filter(Boolean).join(" · "),
  },
  { name: "modified", text: ({ modified_at: modified }) => (modified ? date(modified, "moment") : "") },
];
