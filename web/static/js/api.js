/** The server's API: one function for every route. What goes wrong is a Problem; `server` hears of what concerns all. */

import { problemText } from "./i18n.js";

const BASE = new URL("api/v1/", document.baseURI);

/** Hears 'gone' (nothing answered), 'back' (something did again) and 'logged_out' (who are you?). */
export const server = new EventTarget();

/** A request that was refused, or that nothing answered (status 0, code 'server_gone'). */
export class Problem extends Error {
  constructor({ status, code, detail }) {
    super(problemText({ code, detail }));
    this.status = status;
    this.code = code;
    this.detail = this.message; // in the language of the page
  }
}

/** Whether this error only says that nobody waits any more. */
export const wasAborted = (error) => error?.name === "AbortError";

let gone = false;

function tell(kind) {
  gone = kind === "gone" || (gone && kind !== "back");
  server.dispatchEvent(new Event(kind));
}

async function send(method, path, { json, body, headers = {}, signal } = {}) {
  const options = { method, signal, headers: { Accept: "application/json", ...headers }, credentials: "same-origin" };
  if (json !== undefined) options.headers["Content-Type"] = "application/json";
  options.body = json === undefined ? body : JSON.stringify(json);
  let answer;
  try {
    answer = await fetch(new URL(path, BASE), options);
  } catch (error) {
    if (wasAborted(error)) throw error;
    tell("gone");
    throw new Problem({ status: 0, code: "server_gone", detail: String(error.message) });
  }
  if (gone) tell("back");
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

async function problemOf(answer) {
  const told = await answer.json().catch(() => ({}));
  if (answer.status === 401) tell("logged_out");
  const detail = told.detail ?? answer.statusText;
  return new Problem({ status: answer.status, code: told.code ?? "problem", detail, title: told.title });
}

async function asked(method, path, options) {
  const answer = await send(method, path, options);
  return answer.status === 204 ? null : answer.json();
}

const get = (path, options) => asked("GET", path, options);
const post = (path, json, options) => asked("POST", path, { ...options, json });

/** `?a=1&b=2` of what is given; nothing of what is null. */
function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

/** The lines of a streamed answer, each as soon as it is there. */
async function* linesOf(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    const lines = (rest + (value ?? "")).split("\n");
    rest = done ? "" : lines.pop();
    yield* lines.filter((line) => line.trim()).map((line) => JSON.parse(line));
    if (done) return;
  }
}

/**
 * Answers of one question as they come: first by the vectors, then in the reranker's order where one looked.
 * @yields {{event: 'vectors'|'reranked', answer: object}}
 */
async function* search(question, { signal } = {}) {
  const headers = { Accept: "application/x-ndjson" };
  const answer = await send("POST", "search", { json: question, headers, signal });
  for await (const said of linesOf(answer)) {
    if (said.event === "problem") throw new Problem(said.problem);
    if (said.answer) yield said; // and read on to the end: who leaves before it breaks the connection off
  }
}

const file = (id, what, values) => new URL(`images/${id}/${what}${query(values)}`, BASE).href;

/** One function for every route. All take `{signal}` last; all but the addresses give promises. */
export const api = {
  search,
  searchPage: (question, options) => post("search", question, options),
  lookup: (question, options) => post("lookup", question, options),
  similar: (id, { k, cursor } = {}, options) => get(`images/${id}/similar${query({ k, cursor })}`, options),
  describe: (question, options) => post("describe", question, options),
  label: (question, options) => post("label", question, options),

  upload: (blob, options) =>
    asked("POST", "uploads", {
      ...options,
      body: blob,
      headers: { "Content-Type": blob.type.startsWith("image/") ? blob.type : "application/octet-stream" },
    }),
  forgetUpload: (upload, options) => asked("DELETE", `uploads/${encodeURIComponent(upload)}`, options),

  image: (id, options) => get(`images/${id}`, options),
  /** `folders`: of a picture's files, one in these names it; they stand in no address. */
  images: async (ids, { folders = [], ...options } = {}) => {
    const asking = folders.length ? post("images", { ids, folders }, options) : get(`images?ids=${ids}`, options);
    return (await asking).images;
  },
  captions: (id, options) => get(`images/${id}/captions`, options),
  changeTags: (id, changes, options) => post(`images/${id}/tags`, changes, options),
  reveal: (id, folders = [], options) => post(`images/${id}/reveal`, folders.length ? { folders } : undefined, options),
  tags: (options) => get("tags", options),

  browse: (wanted, options) => post("browse", wanted, options),
  facets: (wanted, options) => post("facets", wanted, options),
  duplicates: (wanted, options) => post("duplicates", wanted, options),

  spaces: (options) => get("spaces", options),
  status: (options) => get("status", options),
  health: (options) => get("health", options),
  jobs: (options) => get("jobs", options),
  job: (id, options) => get(`jobs/${encodeURIComponent(id)}`, options),
  startJob: (job, options) => post("jobs", job, options),
  cancelJob: (id, options) => asked("DELETE", `jobs/${encodeURIComponent(id)}`, options),

  session: (options) => get("session", options),
  logIn: (token, options) => post("session", { token }, options),
  logOut: (options) => asked("DELETE", "session", options),

  /** Addresses, for elements that fetch themselves. */
  thumbnailUrl: (id, size, version) => file(id, "thumbnail", { size, v: version }),
  renditionUrl: (id) => file(id, "rendition", {}),
  originalUrl: (id, { withoutLocation = false } = {}) =>
    file(id, "original", { download: 1, location: withoutLocation ? "remove" : null }),
  uploadThumbnailUrl: (upload, size) =>
    new URL(`uploads/${encodeURIComponent(upload)}/thumbnail${query({ size })}`, BASE).href,
  jobEvents: (id) => new EventSource(new URL(`jobs/${encodeURIComponent(id)}/events`, BASE)),
};
