/** What is looked for, as the API takes it; and the pictures that take part in it: added, removed, uploaded. */

import { LIKELY } from "./hits.js";
import { filtersOf } from "./state.js";

const FIRST_PAGE = 60;
const NEXT_PAGE = 120;
const LEFT_OUT = /(^|\s)-(?:"([^"]+)"|([^\s"]\S*))/g; // a word, or a "few words", with a minus before it

/** "dog -snow" is {text: "dog", not: ["snow"]}. */
export function wordsOf(typed) {
  const not = [...typed.matchAll(LEFT_OUT)].map(([, , words, word]) => words ?? word);
  return { text: typed.replace(LEFT_OUT, "$1").replace(/\s+/g, " ").trim(), not };
}

/** Whether it is one uploaded picture alone: then its copies are looked for first. */
export const isLookup = (state) => {
  const { text, not } = wordsOf(state.q);
  return Boolean(state.upload) && !text && !(not.length + state.not.length + state.like.length + state.unlike.length);
};

/** The body of /search (or of /lookup) for this state. */
export function questionOf(state, cursor = null) {
  const page = { k: cursor ? NEXT_PAGE : FIRST_PAGE, filters: filtersOf(state), ...given({ cursor }) };
  const order = given({ sort: state.sort, group: state.group === "off" ? false : null });
  if (isLookup(state)) return { upload: state.upload, ...page, ...order };
  const { text, not } = wordsOf(state.q);
  const asked = {
    text: text || null,
    images: state.like,
    uploads: state.upload ? [state.upload] : [],
    not_texts: [...state.not, ...not],
    not_images: state.unlike,
    image_weight: state.weight,
    mode: state.mode,
    min_match: state.match ? LIKELY : null,
  };
  return { ...given(asked), ...page, ...order };
}

function given(values) {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== null && value !== "" && value?.length !== 0),
  );
}

/** The pictures of the query. */
export function createPictureQuery({ state, api }) {
  const without = (ids, id) => ids.filter((other) => other !== id);

  function remove(id) {
    const { like, unlike } = state.get();
    state.set({ like: without(like, id), unlike: without(unlike, id) });
  }

  /** As one of those that are looked for, or of those to keep away from; the lightbox closes, for what is found is shown. */
  function add(id, kind = "like") {
    const { like, unlike } = state.get();
    const next = { like: without(like, id), unlike: without(unlike, id) };
    next[kind] = [...next[kind], id];
    state.set({ ...next, open: null, view: "" });
  }

  /** Looks for a picture from outside the library: its copies, then what is similar; `join`: together with the words. */
  async function upload(blob, { join = false } = {}) {
    const { upload: id } = await api.upload(blob);
    const alone = { q: "", not: [], like: [], unlike: [], weight: null };
    state.set({ ...(join ? {} : alone), upload: id, open: null, view: "" });
  }

  const forgetUpload = () => state.set({ upload: "" });

  return { add, remove, upload, forgetUpload };
}
