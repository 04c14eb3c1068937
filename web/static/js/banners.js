/** Lines above everything: the server is gone, a drive is out of reach, pictures are being indexed. */

import { make } from "./dom.js";
import { icon } from "./icons.js";

/** Each makes a banner, or nothing where there is nothing to say. */
const BANNERS = [gone, indexing, unreachable];

export function mount(root, app) {
  const draw = () => root.replaceChildren(...BANNERS.flatMap((banner) => banner(app)));
  for (const event of ["gone", "back", "status"]) app.server.addEventListener(event, draw);
}

function gone({ connection, t }) {
  if (!connection.gone) return [];
  const retry = make(
    "button",
    { type: "button", class: "button", onclick: () => connection.retry() },
    t("frame.retry"),
  );
  return [banner("problem", "warn", t("frame.gone"), retry)];
}

function indexing({ status, connection, t }) {
  if (!status?.indexing || connection.gone) return [];
  return [banner("busy", "jobs", t("frame.indexing", { count: status.counts.indexed }))];
}

function unreachable({ status, t }) {
  const paths = (status?.roots ?? []).filter((folder) => !folder.online).map((folder) => folder.path);
  return paths.length ? [banner("", "offline", t("frame.unreachable", { paths: paths.join(", ") }))] : [];
}

function banner(kind, symbol, text, ...rest) {
  const role = kind === "problem" ? "alert" : "status";
  return make("div", { class: `banner ${kind}`, role }, icon(symbol), make("span", {}, text), ...rest);
}
