/** Copies and bursts, shown as one picture with a number on it; opened, they stand beside it. */

import { ratioOf } from "./list.js";

/** The pictures that a hit stands for, beside itself; identical files are the same picture. */
export const hiddenBehind = (hit) =>
  [...new Set((hit?.alike ?? []).map((alike) => alike.image_id))].filter((id) => id !== hit.image_id);

/**
 * A list's content with opened stacks in it.
 * @param opened Map of a hit's id to the records that stand behind it
 */
export function withOpened(content, opened) {
  if (!opened.size) return content;
  const shown = { ids: [], ratios: [], hits: new Map(content.hits), sections: [] };
  let section = 0;
  content.ids.forEach((id, index) => {
    if (content.sections[section]?.at === index)
      shown.sections.push({ ...content.sections[section++], at: shown.ids.length });
    shown.ids.push(id);
    shown.ratios.push(content.ratios[index]);
    for (const record of opened.get(id) ?? []) {
      if (content.hits.has(record.image_id)) continue;
      shown.ids.push(record.image_id);
      shown.ratios.push(ratioOf(record));
      shown.hits.set(record.image_id, { ...record, behind: id });
    }
  });
  return shown;
}
