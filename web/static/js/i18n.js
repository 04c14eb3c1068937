/** The page's languages: texts by key, with plurals, and how numbers and dates are written. Knows nothing of the page. */

import { keep, kept } from "./kept.js";

export const LANGUAGES = { en: "English", zh: "中文" };
const FILLED = {
  "data-t": null,
  "data-t-label": "aria-label",
  "data-t-title": "title",
  "data-t-placeholder": "placeholder",
};

let code = "en";
let region = "en"; // its numbers and dates: "en-GB"
let texts = {};
let plural = new Intl.PluralRules("en");
const formats = new Map();

/**
 * Decides on the language (chosen here before, else the first of the browser's that we have) and fetches its texts.
 */
export async function loadLanguage() {
  code = remembered() ?? fromBrowser(navigator.languages);
  const answer = await fetch(new URL(`../i18n/${code}.json`, import.meta.url));
  texts = await answer.json();
  region = navigator.languages.find((tag) => tag.toLowerCase().split("-")[0] === code) ?? code;
  plural = new Intl.PluralRules(code);
  formats.clear();
  document.documentElement.lang = code === "zh" ? "zh-Hans" : code;
  return Object.freeze({ code, t, dress, number, percent, bytes, date, dateRange, set: setLanguage });
}

export const language = () => code;

/** The first of the browser's languages that we have: "zh-CN" finds "zh"; English where none is. */
export function fromBrowser(wanted) {
  return wanted.map((tag) => tag.toLowerCase().split("-")[0]).find((tag) => tag in LANGUAGES) ?? "en";
}

function remembered() {
  const chosen = kept("language", null);
  return chosen in LANGUAGES ? chosen : null;
}

/** Remembers the choice and shows the page in it. */
export function setLanguage(chosen) {
  keep("language", chosen);
  location.reload();
}

/**
 * The text of a key such as "grid.count". `{name}` is filled from the values, numbers as people write them.
 * Where the key holds plural forms (one, other), `count` decides; a language without "one" has only "other".
 */
export function t(key, values = {}) {
  const found = key.split(".").reduce((within, name) => within?.[name], texts);
  const text = typeof found === "object" ? (found[plural.select(values.count)] ?? found.other) : found;
  if (text === undefined) {
    console.error(`no text for ${key} in ${code}`);
    return key;
  }
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : (value ?? whole);
  });
}

/** A problem of the server's in one line: in our words, by its code; in the server's where we have none. */
export const problemText = ({ code: name, detail = "" }) =>
  texts.problems?.[name] ? t(`problems.${name}`, { detail }) : detail;

/** What an answer or a report wants people to know, a line each; likewise. */
export function noticesOf({ notices = [], notice_details: details }) {
  const line = ({ code: name, text, values }) => (texts.notices?.[name] ? t(`notices.${name}`, values) : text);
  return details?.map(line) ?? notices;
}

/** Fills the texts that HTML only names: data-t, data-t-label, data-t-title, data-t-placeholder. */
export function dress(root) {
  for (const [named, attribute] of Object.entries(FILLED)) {
    for (const element of root.querySelectorAll(`[${named}]`)) {
      const text = t(element.getAttribute(named));
      if (attribute) element.setAttribute(attribute, text);
      else element.textContent = text;
    }
  }
}

function format(name, make) {
  if (!formats.has(name)) formats.set(name, make());
  return formats.get(name);
}

export function number(value, digits = 0) {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: Math.max(digits, 2) };
  return format(`number ${digits}`, () => new Intl.NumberFormat(region, options)).format(value);
}

/** A share of 1: 0.913 is "91%". */
export function percent(share) {
  return format("percent", () => new Intl.NumberFormat(region, { style: "percent" })).format(share);
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/** A size people can read: 4,194,304 is "4.19 MB". */
export function bytes(size) {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, size)) / 3));
  const options = {
    style: "unit",
    unit: UNITS[step],
    unitDisplay: step ? "short" : "long",
    maximumSignificantDigits: 3,
  };
  return format(UNITS[step], () => new Intl.NumberFormat(region, options)).format(size / 1000 ** step);
}

const MOMENTS = {
  moment: { dateStyle: "long", timeStyle: "short" },
  day: { year: "numeric", month: "long", day: "numeric" },
  shortDay: { year: "numeric", month: "short", day: "numeric" },
  month: { year: "numeric", month: "long" },
  shortMonth: { year: "numeric", month: "short" },
  year: { year: "numeric" },
};

/** ISO 8601 as people write it, by the picture's own clock: an offset in it is not applied. Styles: MOMENTS. */
export function date(iso, style = "day") {
  const [, day, time = "00:00"] = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}))?/.exec(iso) ?? [];
  return day ? dateFormat(style).format(new Date(`${day}T${time}:00Z`)) : iso;
}

/** Some days, what they have in common said once: "1 – 4 May 2019". */
export function dateRange(first, last) {
  return dateFormat("day").formatRange(new Date(`${first}T00:00Z`), new Date(`${last}T00:00Z`));
}

const dateFormat = (style) =>
  format(style, () => new Intl.DateTimeFormat(region, { ...MOMENTS[style], timeZone: "UTC" }));
