/**
 * All pictures by the days they were taken, in sections worth a heading: a day where days are full, else the month, else
 * the year. A heading above every single picture would be more heading than pictures.
 */

const WORTH = 6; // pictures a heading, on average

/** The list of /browse's answer. */
export function browseContent({ ids, ratios, days }) {
  return { ids: Int32Array.from(ids), ratios: Uint16Array.from(ratios, (ratio) => Math.min(ratio, 65535)), sections: daySections(days, ids.length), hits: new Map() };
}

/**
 * @param days [["2019-05-01", first index], …] in the order shown; "" where the time is not known
 * @returns [{at, kind: 'day'|'month'|'year'|'undated', day}]
 */
export function daySections(days, total) {
  const years = runs(days.map(([day, at]) => ({ at, day })), total, 4);
  return years.flatMap((year) => {
    if (year.day === "") return [{ at: year.at, kind: "undated", day: "" }];
    const months = runs(year.parts, year.end, 7);
    if ((year.end - year.at) / months.length < WORTH) return [{ at: year.at, kind: "year", day: year.day }];
    return months.flatMap((month) => {
      const full = (month.end - month.at) / month.parts.length >= WORTH;
      if (full) return month.parts.map(({ at, day }) => ({ at, kind: "day", day }));
      return [{ at: month.at, kind: "month", day: month.day }];
    });
  });
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
