/**
 * All pictures by the days they were taken, in sections worth a heading: a day where days are full, else some days
 * together, else the month, else the year. A heading above every single picture would be more heading than pictures.
 */

const WORTH = 6; // pictures a heading; months are told apart where they have as many on average

/** The list of /browse's answer. */
export function browseContent({ ids, ratios, days }) {
  return {
    ids: Int32Array.from(ids),
    ratios: Uint16Array.from(ratios, (ratio) => Math.min(ratio, 65535)),
    sections: daySections(days, ids.length),
    hits: new Map(),
  };
}

/**
 * @param days [["2019-05-01", first index], …] in the order shown; "" where the time is not known
 * @returns [{at, kind: 'days'|'month'|'year'|'undated', day, last}], `last` is the other end of `day` to it
 */
export function daySections(days, total) {
  const years = runs(
    days.map(([day, at]) => ({ at, day })),
    total,
    4,
  );
  return years.flatMap((year) => {
    if (year.day === "") return [{ at: year.at, kind: "undated", day: "" }];
    const months = runs(year.parts, year.end, 7);
    if ((year.end - year.at) / months.length < WORTH) return [{ at: year.at, kind: "year", day: year.day }];
    return months.flatMap(monthSections);
  });
}

/** The days of a month, neighbours together until they are worth a heading; the month where that is all of it. */
function monthSections({ at, day, end, parts }) {
  const found = [];
  for (const part of parts) {
    const last = found.at(-1);
    const isFew = last && (part.at - last.at < WORTH || end - part.at < WORTH);
    if (isFew) last.last = part.day;
    else found.push({ at: part.at, kind: "days", day: part.day, last: part.day });
  }
  return found.length === 1 && parts.length > 1 ? [{ at, kind: "month", day }] : found;
}

/** Neighbours whose days begin with the same letters ("2019", "2019-05"), together: [{at, end, day, parts}]. */
function runs(parts, end, letters) {
  const found = [];
  for (const part of parts) {
    const last = found.at(-1);
    if (last && last.day.slice(0, letters) === part.day.slice(0, letters)) last.parts.push(part);
    else found.push({ at: part.at, day: part.day, parts: [part] });
  }
  found.forEach((run, index) => (run.end = found[index + 1]?.at ?? end));
  return found;
}
