/** What is asked, filtered and open: one frozen object that lives in the address's fragment. Back and Forward work. */

import { NOTHING, fromFragment, same, toFragment } from "./url.js";

/** What makes another question of it. */
export const ASKED = ["q", "not", "like", "unlike", "upload", "weight", "sort", "group", "mode", "match"];
/** What lets pictures through. */
export const FILTERS = ["from", "before", "folder", "camera", "near", "orientation", "format", "tag"];

/** Whether any of these keys differs between two states. */
export const changed = (before, after, keys) => keys.some((key) => !same(before[key], after[key]));

/** Whether something is looked for; else all pictures are browsed. */
export const asks = (state) =>
  Boolean(state.q.trim() || state.upload || state.like.length || state.unlike.length || state.not.length);

/** The state of this window. */
export function createState() {
  const heard = new Set();
  let now = fromFragment(location.hash);

  function become(next, how) {
    const before = now;
    now = next;
    for (const fn of [...heard]) fn(now, before, how);
  }

  function set(changes, { replace = false } = {}) {
    const next = Object.freeze({ ...now, ...changes });
    const fragment = toFragment(next);
    if (fragment === toFragment(now)) return;
    const address = location.pathname + location.search + fragment;
    history[replace ? "replaceState" : "pushState"](null, "", address);
    become(next, "set");
  }

  addEventListener("popstate", () => {
    const next = fromFragment(location.hash);
    if (toFragment(next) !== toFragment(now)) become(next, "back");
  });

  return {
    get: () => now,
    set,
    /** fn(state, before, 'set' | 'back') after every change; gives the function that ends it. */
    subscribe(fn) {
      heard.add(fn);
      return () => heard.delete(fn);
    },
    filters: () => filtersOf(now),
    clear: () => set(NOTHING),
  };
}

/** The filters of a state as the API takes them; only those that are set. */
export function filtersOf(state) {
  const all = {
    folders: state.folder,
    taken_from: state.from,
    taken_before: state.before,
    camera: state.camera,
    near: state.near,
    orientation: state.orientation,
    formats: state.format,
    tags: state.tag,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value && value.length !== 0));
}
