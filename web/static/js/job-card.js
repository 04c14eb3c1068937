/** One index job as it stands: how far it is, or what became of it. */

import { make } from "./dom.js";
import { date, noticesOf, problemText } from "./i18n.js";
import { icon } from "./icons.js";

const RUNNING = ["running", "stopping"];
const PROBLEMS_SHOWN = 5;

/** Whether it goes on, be it to its end. */
export const isRunning = ({ state }) => RUNNING.includes(state);

/** An element; `cancel` is called when one wants it to stop. */
export function jobCard({ t }, job, cancel) {
  const stop = make(
    "button",
    { class: "button", type: "button", onclick: cancel },
    icon("close", 16),
    t("jobs.cancel"),
  );
  const begun = date(localTime(job.started_at), "moment");
  return make(
    "article",
    { class: `job ${job.state}`, "data-job": job.id },
    make(
      "div",
      { class: "job-head" },
      make("strong", {}, t(`jobs.${job.state}`)),
      job.state === "running" ? stop : make("small", {}, begun),
    ),
    ...job.paths.map((path) => make("small", {}, path)),
    ...(isRunning(job) ? progressOf(job, t) : outcomeOf(job, t)),
  );
}

/** The server says when in UTC; people read their own clock. */
function localTime(iso) {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString();
}

function progressOf({ progress }, t) {
  const stage = t(`jobs.stage_${progress?.stage ?? "scan"}`);
  const bar = make("progress", {
    max: progress?.total || null,
    value: progress?.total ? progress.done : null,
    "aria-label": stage,
  });
  const far = !progress
    ? ""
    : progress.total
      ? t("jobs.of", { done: progress.done, total: progress.total })
      : t("jobs.so_far", { count: progress.done });
  const told = [stage, far, progress?.skipped ? t("jobs.skipped", { count: progress.skipped }) : "", progress?.note];
  return [bar, make("small", {}, told.filter(Boolean).join(" · "))];
}

function outcomeOf({ report, problem }, t) {
  if (problem) return [make("p", { class: "problem" }, problemText(problem))];
  if (!report) return [];
  const counts = ["added", "changed", "moved", "removed", "unchanged", "skipped"].filter((name) => report[name]);
  const told = counts.map((name) => t(`jobs.${name}`, { count: report[name] })).join(" · ") || t("jobs.nothing");
  const broken = report.problems
    .slice(0, PROBLEMS_SHOWN)
    .map(({ path, reason }) => make("li", {}, make("code", {}, path), ` ${reason}`));
  const list = broken.length ? make("ul", { class: "job-problems" }, ...broken) : null;
  const notices = noticesOf(report).map((notice) => make("small", {}, notice));
  return [make("p", {}, told), list, ...notices].filter(Boolean);
}
