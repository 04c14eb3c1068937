/**
 * What becomes of the question: asked when the state changes, and shown in app.list as it comes. An answer to an older
 * question is never shown: asking anew ends the one before.
 */

import { browseContent } from "./days.js";
import { Problem, wasAborted } from "./api.js";
import { hitsContent } from "./hits.js";
import { EMPTY, PictureList } from "./list.js";
import { isLookup, questionOf } from "./picture-query.js";
import { hiddenBehind, withOpened } from "./stacks.js";
import { ASKED, FILTERS, asks, changed } from "./state.js";

/** @returns the results of the state: `phase` ('asking', 'shown', 'failed'), `streaming`, `answer`, `problem`, `list`. */
export function createResults(app) {
  const { state, api } = app;
  const list = new PictureList(api, () => state.get().folder);
  const heard = new Set();
  const results = { list, phase: "asking", streaming: false, answer: null, total: null, problem: null, subscribe };
  const opened = new Map(); // stacks of this answer: a hit's id, and the pictures behind it
  let asking = new AbortController();

  function subscribe(fn) {
    heard.add(fn);
    return () => heard.delete(fn);
  }

  function become(changes) {
    Object.assign(results, changes);
    for (const fn of [...heard]) fn(results);
  }

  /** Asks again for what the state says now. `quiet`: what is shown stays until the new answer is there. */
  async function refresh({ quiet = false } = {}) {
    asking.abort();
    const { signal } = (asking = new AbortController());
    const now = state.get();
    opened.clear();
    if (!quiet) become({ phase: "asking", streaming: false });
    try {
      await (asks(now) ? question(now, signal) : browse(now, signal, quiet));
      if (!signal.aborted) become({ phase: "shown", streaming: false });
    } catch (error) {
      if (!signal.aborted && !wasAborted(error)) fail(error);
    }
  }

  function fail(error) {
    if (!(error instanceof Problem)) console.error(error);
    const keep = error.code === "server_gone"; // what was found is still worth looking at
    if (!keep) list.show(EMPTY);
    become({ phase: "failed", streaming: false, problem: error, answer: keep ? results.answer : null });
  }

  async function browse(now, signal, quiet) {
    const found = await api.browse({ filters: state.filters(), order: now.order }, { signal });
    if (signal.aborted) return;
    become({ phase: "shown", answer: null, total: found.total, problem: null });
    list.show(browseContent(found), { what: quiet ? "grown" : "content" });
  }

  async function question(now, signal) {
    if (isLookup(now)) {
      shown(now, await api.lookup(questionOf(now), { signal }), "content", signal);
      return;
    }
    results.streaming = true; // a reranker may look yet
    for await (const { event, answer } of api.search(questionOf(now), { signal })) {
      shown(now, answer, event === "reranked" ? "reordered" : "content", signal);
    }
  }

  function shown(now, answer, what, signal) {
    if (signal.aborted) return;
    become({ answer, total: null, problem: null, phase: "shown" });
    place(now, answer, { what, next: nextOf(now, answer, signal) });
  }

  function place(now, answer, how) {
    list.show(withOpened(hitsContent(answer, wordsAsked(now)), opened), how);
  }

  /** Brings the page after this answer, once however often it is called. */
  function nextOf(now, answer, signal) {
    if (!answer.next_cursor) return null;
    let underWay = null;
    const bring = () => further(now, answer, signal).catch((error) => ended(now, answer, signal, error));
    return () => (underWay ??= bring().finally(() => (underWay = null)));
  }

  /** The next page could not be had: nobody asks for it again, but where only the server is gone. */
  function ended(now, answer, signal, error) {
    if (signal.aborted || error.code === "server_gone") return;
    place(now, answer, { what: "appended" });
    complain(error);
  }

  function complain(error) {
    if (wasAborted(error)) return;
    if (!(error instanceof Problem)) throw error;
    if (error.code !== "server_gone") app.toast(error.detail); // that it is gone says the banner
  }

  async function further(now, before, signal) {
    const ask = isLookup(now) ? api.lookup : api.searchPage;
    const page = await ask(questionOf(now, before.next_cursor), { signal });
    if (signal.aborted) return;
    const answer = { ...page, nearest: before.nearest, hits: [...before.hits, ...page.hits] };
    become({ answer });
    place(now, answer, { what: "appended", next: nextOf(now, answer, signal) });
  }

  /** Shows what stands behind a hit, beside it, or hides it again. Identical files only are in the lightbox. */
  async function toggleStack(id) {
    const { signal } = asking;
    const hidden = hiddenBehind(list.pictureAt(list.indexOf(id)));
    if (!hidden.length) return app.open(id);
    try {
      if (!opened.delete(id)) opened.set(id, await api.images(hidden, { folders: state.get().folder, signal }));
    } catch (error) {
      return complain(error);
    }
    const { answer } = results;
    if (!signal.aborted) place(state.get(), answer, { what: "stack", next: nextOf(state.get(), answer, signal) });
  }

  const wordsAsked = (now) => (now.like.length || now.upload ? "" : now.q);

  state.subscribe((now, before) => {
    if (changed(before, now, [...ASKED, ...FILTERS]) || (!asks(now) && changed(before, now, ["order"]))) refresh();
  });

  return Object.assign(results, { refresh, toggleStack });
}
