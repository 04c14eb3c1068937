/** Which city a place is near, from a file of ours; asked for once the first place is to be named. */

import { language } from "./i18n.js";

const KM_PER_DEGREE = 111.32;
const FAR_KM = 60;
const BESIDE_KM = 35; // the largest city within that gives its name

let asked = null;
let cities = [];

/** Fetches the cities; cityNear() knows none before. Where they cannot be had, places keep their numbers. */
export function loadCities() {
  asked ??= fetch(new URL("../map/cities.json", import.meta.url))
    .then((answer) => answer.json())
    .then((told) => {
      cities = told.cities;
    })
    .catch(() => {
      asked = null; // the next that needs a name asks again
    });
  return asked;
}

/** How far two places are apart, as the crow flies; for places that are not at the poles. */
export function kmBetween(one, other) {
  const across = ((other.longitude - one.longitude + 540) % 360) - 180;
  const narrowing = Math.cos(((one.latitude + other.latitude) / 2) * (Math.PI / 180));
  return KM_PER_DEGREE * Math.hypot(across * narrowing, other.latitude - one.latitude);
}

/** The largest city that a place is in or beside, else the nearest; "" where there is none within FAR_KM. */
export function cityNear(place) {
  let nearest = null;
  let distance = FAR_KM;
  for (const city of cities) {
    if (Math.abs(city[2] / 10 - place.latitude) > FAR_KM / KM_PER_DEGREE + 0.1) continue;
    const away = kmBetween(place, { latitude: city[2] / 10, longitude: city[3] / 10 });
    if (away > distance) continue;
    [nearest, distance] = [city, away];
    if (away <= BESIDE_KM) break; // they are in order of size
  }
  return nearest ? (language() === "zh" && nearest[1]) || nearest[0] : "";
}

/** A city by its name, or the beginning of it, the largest that has it; null where there is none. */
export function cityNamed(text) {
  const typed = text.trim().toLocaleLowerCase();
  if (!typed) return null;
  const begins = (name) => name.toLocaleLowerCase().startsWith(typed);
  const [, , latitude, longitude] = cities.find(([name, chinese]) => begins(name) || begins(chinese)) ?? [];
  return latitude === undefined ? null : { latitude: latitude / 10, longitude: longitude / 10 };
}

/**
 * Places that lie within so many kilometres of a larger one, as one with it, most pictures first.
 * @param {{latitude, longitude, radius_km, count}[]} places
 */
export function gathered(places, km) {
  const groups = [];
  for (const place of [...places].sort((one, other) => other.count - one.count)) {
    const group = groups.find((other) => kmBetween(other, place) <= km);
    if (!group) groups.push({ ...place });
    else {
      group.count += place.count;
      group.radius_km = Math.max(group.radius_km, kmBetween(group, place) + place.radius_km);
    }
  }
  return groups.sort((one, other) => other.count - one.count);
}
