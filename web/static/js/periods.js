/** Days, months or years with pictures in them, as bars next to each other: as fine as there is room for. */

const MOST = 84; // bars, each some four pixels wide

const iso = (date) => date.toISOString().slice(0, 10);
const at = (day) => new Date(`${day}T00:00:00Z`);
const monthsOn = (date, months) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1));

/** Periods of so many months, which begin where the calendar has them begin. */
const ofMonths = (months) => ({
  begin: (date) => {
    const count = date.getUTCFullYear() * 12 + date.getUTCMonth();
    return monthsOn(new Date(0), Math.floor(count / months) * months - 1970 * 12);
  },
  after: (date) => monthsOn(date, months),
});

const DAY = {
  begin: (date) => date,
  after: (date) => new Date(date.getTime() + 86_400_000),
};

/** From fine to coarse; `written` is how a bar's begin is said. */
const PERIODS = [
  { unit: "day", written: "shortDay", ...DAY },
  { unit: "month", written: "month", ...ofMonths(1) },
  { unit: "quarter", written: "month", ...ofMonths(3) },
  { unit: "year", written: "year", ...ofMonths(12) },
  { unit: "five years", written: "year", ...ofMonths(60) },
  { unit: "ten years", written: "year", ...ofMonths(120) },
  { unit: "century", written: "year", ...ofMonths(1200) },
];

/**
 * @param {{unit: string, bins: {from, before, count}[]}} dates as POST /facets gives them: only periods with pictures
 * @returns {{written: string, bins: {from, before, count}[]}} without gaps, in order; none where there were none
 */
export function periodsOf({ unit, bins }) {
  if (!bins.length) return { written: "year", bins };
  const possible = PERIODS.slice(PERIODS.findIndex((period) => period.unit === unit));
  for (const period of possible) {
    const found = filled(period, bins);
    if (found) return { written: period.written, bins: found };
  }
  return { written: "year", bins };
}

/** The bars of one kind of period from the first picture to the last; null where they are too many. */
function filled({ begin, after }, bins) {
  const bars = [];
  const end = at(bins.at(-1).from);
  for (let from = begin(at(bins[0].from)); from <= end; from = after(from)) {
    if (bars.length === MOST) return null;
    bars.push({ from: iso(from), before: iso(after(from)), count: 0 });
  }
  let bar = 0;
  for (const bin of bins) {
    while (bars[bar].before <= bin.from) bar++;
    bars[bar].count += bin.count;
  }
  return bars;
}
