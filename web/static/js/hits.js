/** An answer's hits as a list: in their order, each picture once, in sections (copies, similar, probably no match). */

import { ratioOf } from "./list.js";

export const LIKELY = 0.5; // a hit under this is probably no match, as the command line has it

/** The list of an answer. `typed` are the words that were asked for; '' where matches are not judged by words. */
export function hitsContent(answer, typed = "") {
  const nearest = answer.hits.length === 0 ? answer.nearest : [];
  const hits = once([...answer.hits, ...nearest]);
  return {
    ids: hits.map((hit) => hit.image_id),
    ratios: hits.map(ratioOf),
    hits: new Map(hits.map((hit) => [hit.image_id, hit])),
    sections: nearest.length ? [{ at: 0, kind: "closest" }] : sectionsOf(hits, typed),
  };
}

function once(hits) {
  return [...new Map(hits.toReversed().map((hit) => [hit.image_id, hit])).values()].toReversed();
}

function sectionsOf(hits, typed) {
  if (hits.some((hit) => hit.copy)) return copySections(hits);
  const end = matchesEnd(hits, typed);
  return end === null ? [] : [{ at: end, kind: end ? "below" : "none" }];
}

/** Copies stand first in a lookup's answer; behind them what is only similar. */
function copySections(hits) {
  const similar = hits.findIndex((hit) => hit.copy === "similar");
  if (similar === -1) return [{ at: 0, kind: "copies", count: hits.length }];
  if (similar === 0) return [{ at: 0, kind: "no-copies" }];
  return [
    { at: 0, kind: "copies", count: similar },
    { at: similar, kind: "similar" },
  ];
}

/** How many hits stand above the line "probably no match below"; null: no line. As `search query` draws it. */
export function matchesEnd(hits, typed) {
  if (!hits.length || hits.every((hit) => hit.match === null)) return null;
  const end = hits.findLastIndex((hit) => hit.match >= LIKELY || isNamed(hit, typed)) + 1;
  return end === hits.length ? null : end;
}

/** Whether all the words asked for stand in what is written of the picture: a match, whatever is to be seen. */
function isNamed(hit, typed) {
  const words = typed.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const found = new Set(hit.matched_words.map((word) => word.toLowerCase()));
  return words.length > 0 && words.every((word) => found.has(word));
}
