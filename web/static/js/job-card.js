/** One index job as it stands: how far it is, or what became of it. */

import { make } from "./dom.js";
import { icon } from "./icons.js";

const RUNNING = ["running", "stopping"];

export const isRunning = ({ state }) => RUNNING.includes(state);

export function jobCard(app, job, cancel) {
  const { t } = app;
  const title =
    { running: "jobs.running", stopping: "jobs.stopping", done: "jobs.done", cancelled: "jobs.cancelled" }[job.state] ??
    "jobs.failed";
  const stop = make(
    "button",
    { class: "button", type: "button", onclick: cancel },
    icon("close", 16),
    t("jobs.cancel"),
  );
  return make(
    "article",
    { class: "job", "data-job": job.id },
    make("div", { class: "job-head" }, make("strong", {}, t(title)), job.state === "running" ? stop : null),
  );
}
