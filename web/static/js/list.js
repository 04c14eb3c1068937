/**
 * The pictures shown now, in their order. What is known of each (a hit of an answer, or /images) is kept beside the ids;
 * where the ids come from, and which further ones there are, is results.js's.
 */

import { same } from "./url.js";

const BATCH = 200; // the most that /images takes at once
const KEPT = 5000; // records of pictures that were browsed past; some 2 MB
const UNKNOWN_RATIO = 1000; // width to height in thousandths, of pictures whose size nobody knows: square

/** What a list holds: ids and ratios (thousandths) of the same length, and the sections they fall into. */
export const EMPTY = Object.freeze({ ids: [], ratios: [], sections: [], hits: new Map() });

/** The width to height of a hit or a record, in thousandths. */
export const ratioOf = (picture) =>
  picture.width && picture.height ? Math.round((1000 * picture.width) / picture.height) : UNKNOWN_RATIO;

export class PictureList {
  #api;
  #folders;
  #content = EMPTY;
  #known = new Map(); // id -> record, oldest first
  #underWay = new Map(); // id -> promise of its record
  #heard = new Set();
  #next = null;
  #inside = []; // the folders that records are named by

  /** `folders()`: those that are filtered by now: of a picture's files, one in them names it. */
  constructor(api, folders = () => []) {
    this.#api = api;
    this.#folders = folders;
  }

  get length() {
    return this.#content.ids.length;
  }

  /** [{at, kind, …}]: where a section begins; drawn as a heading above that picture. */
  get sections() {
    return this.#content.sections;
  }

  /** Whether more() would bring any. */
  get hasMore() {
    return this.#next !== null;
  }

  idAt(index) {
    return this.#content.ids[index];
  }

  ratioAt(index) {
    return this.#content.ratios[index] || UNKNOWN_RATIO;
  }

  /** Where this picture stands; -1 where it does not. */
  indexOf(id) {
    return this.#content.ids.indexOf(id); // of a million in half a millisecond; a map of them would take 40 MB
  }

  /** What is known of the picture there so far; null where nothing is. */
  pictureAt(index) {
    return this.#of(this.idAt(index)) ?? null;
  }

  /** What is known of the picture there, asked for where it must be; null where the library has it no more. */
  async load(index) {
    const id = this.idAt(index);
    await this.loadRange(index, index + 1);
    return this.#of(id) ?? null;
  }

  /** Asks for what is not known of these; subscribers hear 'records' when it is there. */
  async loadRange(start, end) {
    const asked = [];
    const waited = new Set();
    for (let index = start; index < end; index++) {
      const id = this.idAt(index);
      if (id === undefined || this.#of(id)) continue;
      if (this.#underWay.has(id)) waited.add(this.#underWay.get(id));
      else asked.push(id);
    }
    for (let first = 0; first < asked.length; first += BATCH) waited.add(this.#ask(asked.slice(first, first + BATCH)));
    await Promise.all(waited);
  }

  /** The next pictures of an answer, where there are any; resolves when they are in the list. */
  async more() {
    if (this.#next) await this.#next();
  }

  /** fn('content' | 'reordered' | 'appended' | 'records') after a change; gives the function that ends it. */
  subscribe(fn) {
    this.#heard.add(fn);
    return () => this.#heard.delete(fn);
  }

  /** Shows other pictures. `next` brings further ones and shows them; null where there are none. */
  show(content, { what = "content", next = null } = {}) {
    this.#content = content;
    this.#next = next;
    if (!same(this.#folders(), this.#inside)) {
      this.#inside = this.#folders();
      this.#known.clear();
      this.#underWay.clear();
    }
    this.tell(what);
  }

  /** What is held now; for who makes the next content from it. */
  get content() {
    return this.#content;
  }

  tell(what) {
    for (const fn of [...this.#heard]) fn(what);
  }

  /** Forgets a record, because it changed (tags); it is asked for again when it is needed. */
  forget(id) {
    this.#known.delete(id);
  }

  #of(id) {
    return this.#content.hits.get(id) ?? this.#known.get(id);
  }

  async #ask(ids) {
    const folders = this.#inside;
    const keep = (records) => folders === this.#inside && this.#keep(records);
    const asking = this.#api.images(ids, { folders }).then(keep);
    for (const id of ids) this.#underWay.set(id, asking);
    try {
      await asking;
      this.tell("records");
    } finally {
      for (const id of ids) if (this.#underWay.get(id) === asking) this.#underWay.delete(id);
    }
  }

  #keep(records) {
    for (const record of records) this.#known.set(record.image_id, record);
    for (const id of this.#known.keys()) {
      if (this.#known.size <= KEPT) break;
      this.#known.delete(id);
    }
  }
}
