/**
 * What is said above pictures, or instead of them: what was found and how fast, that nothing is there, that something
 * failed. Each state has its own words and says what to do.
 */

import { make } from "./dom.js";
import { LIKELY } from "./hits.js";
import { noticesOf } from "./i18n.js";
import { icon } from "./icons.js";
import { FILTERS, asks } from "./state.js";
import { NOTHING, same } from "./url.js";
import { watchIndexing } from "./indexing.js";

export function mount(root, app) {
  const announcer = document.getElementById("announcer");
  const progress = document.getElementById("progress");
  let waiting = 0;

  function draw() {
    const { phase, answer, total, problem } = app.results;
    document.title = [app.state.get().q.trim(), "search"].filter(Boolean).join(" · ");
    progress.classList.toggle("shown", phase === "asking" || app.results.streaming || waiting > 0);
    if (phase === "asking" && app.list.length) return; // what was found before stays until then
    const held = root.contains(document.activeElement) && document.activeElement.className;
    root.replaceChildren(...stateOf(app));
    if (held) root.getElementsByClassName(held)[0]?.focus({ preventScroll: true }); // the same button, drawn anew
    announcer.textContent = phase === "shown" ? said(app, answer, total) : (problem?.detail ?? "");
  }

  app.busy = (busy) => {
    waiting += busy ? 1 : -1;
    draw();
  };
  app.results.subscribe(draw);
  app.server.addEventListener("back", () => app.results.phase !== "shown" && app.results.refresh());
  watchIndexing(app);
}

/** What a screen reader says when an answer is there. */
function said(app, answer, total) {
  const count = answer ? answer.hits.length : total;
  return count ? app.t("frame.said", { count }) : app.t("frame.said-nothing");
}

/** The elements that the phase calls for; none while pictures speak for themselves. */
function stateOf(app) {
  const { phase, answer, total, problem } = app.results;
  if (phase === "asking") return [];
  if (phase === "failed") return problem.code === "server_gone" && app.list.length ? [] : [failed(app, problem)];
  if (answer) return answer.hits.length ? [summary(app, answer)] : [nothingFound(app, answer)];
  if (total === 0) return [nothingThere(app)];
  return [];
}

function summary(app, answer) {
  const { t } = app;
  const parts = [
    t("frame.searched", { count: answer.searched }),
    t("frame.took", { ms: Math.max(1, Math.round(answer.took_ms.total)) }),
  ];
  if (answer.reranked) parts.push(t("frame.reranked", { count: answer.reranked }));
  return make("p", { class: "summary" }, parts.join(" · "), ...notices(answer), ...onlyMatches(app, answer));
}

/** Leaves out what probably does not match, where matches are told at all. */
function onlyMatches({ t, state }, answer) {
  const { match } = state.get();
  if (!match && answer.hits.every((hit) => hit.match === null || hit.match >= LIKELY)) return [];
  const toggle = () => state.set({ match: match ? "" : "likely" });
  const attributes = {
    type: "button",
    class: "chip only-matches",
    "aria-pressed": String(Boolean(match)),
    onclick: toggle,
  };
  return [make("button", attributes, t("frame.only-matches"))];
}

const notices = (answer) =>
  noticesOf(answer).map((notice) => make("span", { class: "notice" }, icon("info", 16), notice));

function card(symbol, title, ...rest) {
  return make(
    "div",
    { class: "state-card" },
    make("div", { class: "state-icon" }, icon(symbol, 40)),
    make("h2", {}, title),
    ...rest,
  );
}

function nothingFound(app, answer) {
  const { t } = app;
  const text = answer.nearest.length ? t("frame.nothing-fits") : t("frame.nothing-found-how");
  const found = card("search", t("frame.nothing-found"), make("p", {}, text), ...wayOut(app), ...notices(answer));
  found.classList.toggle("above-nearest", answer.nearest.length > 0);
  return found;
}

/** What may help: without the filters, or without the question. */
function wayOut(app) {
  const { t, state } = app;
  const now = state.get();
  const none = Object.fromEntries(FILTERS.map((key) => [key, NOTHING[key]]));
  const filtered = FILTERS.some((key) => !same(now[key], NOTHING[key]));
  const button = (text, change) =>
    make("button", { type: "button", class: "button", onclick: () => state.set(change) }, text);
  if (now.match) return [button(t("frame.also-others"), { match: "" })];
  if (filtered) return [button(t("frame.without-filters"), none)];
  return asks(now) ? [button(t("frame.show-all"), NOTHING)] : [];
}

function nothingThere(app) {
  const { t, state } = app;
  const now = state.get();
  if (FILTERS.some((key) => !same(now[key], NOTHING[key]))) {
    return card("search", t("frame.nothing-passes"), make("p", {}, t("frame.nothing-passes-how")), ...wayOut(app));
  }
  return emptyLibrary(app);
}

function emptyLibrary(app) {
  const { t } = app;
  const command = make("code", {}, "search index ~/Pictures");
  const how = make("p", {}, t("frame.empty-how"), " ", command);
  const button = make(
    "button",
    { type: "button", class: "button primary", onclick: () => app.showJobs() },
    t("frame.index-now"),
  );
  return card("picture", t("frame.empty"), how, ...(app.session?.features?.jobs ? [button] : []));
}

/** Failures that have words and ways out of their own, by the problem's code. */
const FAILURES = {
  server_gone: (app) => card("offline", app.t("frame.gone-title"), make("p", {}, app.t("frame.gone")), again(app)),
  library_not_found: emptyLibrary,
  unknown_upload: (app) =>
    card("picture", app.t("frame.upload-gone"), make("p", {}, app.t("frame.upload-gone-how")), ...wayOut(app)),
};

function failed(app, problem) {
  const detail = problem.detail ?? app.t("frame.bug"); // what is no Problem is a bug of this page
  const tell = FAILURES[problem.code] ?? (() => card("warn", app.t("frame.failed"), make("p", {}, detail), again(app)));
  return tell(app);
}

const again = ({ t, results }) =>
  make("button", { type: "button", class: "button", onclick: () => results.refresh() }, t("frame.retry"));
