/**
 * The page put together: `app` is what every part of it is handed; MOUNTS says which part lives where.
 *
 * app.language, app.t   the texts (i18n.js)         app.state   what is asked, filtered and open (state.js)
 * app.api               the server (api.js)         app.list    the pictures shown now, in order (list.js)
 * app.results           what became of the question (results.js): phase, answer, problem
 * app.session           who we are to the server; null until it said so
 */

import { api, server } from "./api.js";
import * as banners from "./banners.js";
import { createConnection } from "./connection.js";
import * as dropping from "./dropping.js";
import * as duplicates from "./duplicates.js";
import * as filters from "./filters.js";
import * as focusKeeper from "./focus-keeper.js";
import * as grid from "./grid.js";
import * as help from "./help.js";
import { loadLanguage } from "./i18n.js";
import * as jobs from "./jobs.js";
import * as lightbox from "./lightbox.js";
import * as menu from "./menu.js";
import { createOpening } from "./opening.js";
import { createPictureQuery } from "./picture-query.js";
import { createResults } from "./results.js";
import * as scrubber from "./scrubber.js";
import * as searchBox from "./search-box.js";
import { openSession } from "./session.js";
import { createState } from "./state.js";
import * as states from "./states.js";
import * as toast from "./toast.js";
import * as views from "./views.js";

/** Each is mounted once, in this order, into the element of that id. */
const MOUNTS = [
  ["main", views],
  ["search-box", searchBox],
  ["grid", grid],
  ["scrubber", scrubber],
  ["states", states],
  ["banner", banners],
  ["drop-zone", dropping],
  ["toasts", toast],
  ["menu", menu],
  ["filters", filters],
  ["lightbox", lightbox],
  ["duplicates", duplicates],
  ["panel", jobs],
  ["panel", help],
  ["main", focusKeeper],
];

async function start() {
  const language = await loadLanguage();
  language.dress(document.documentElement);
  const app = createApp(language);
  for (const [id, part] of MOUNTS) part.mount(document.getElementById(id), app);
  handleLinks(app);
  app.session = await openSession(app);
  if (app.session) await app.results.refresh();
}

/** Links of the frame that lead to a place in this page: the address, which holds the state, stays as it is. */
function handleLinks(app) {
  document.querySelector(".skip-link").addEventListener("click", (event) => {
    event.preventDefault();
    app.grid.focus(app.grid.active);
  });
  document.getElementById("home").addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    app.state.clear();
    window.scrollTo({ top: 0 });
  });
}

function createApp(language) {
  const app = { language, t: language.t, api, server, state: createState(), session: null };
  Object.assign(app, createOpening(app.state)); // app.open(id), app.turn(id), app.close()
  app.pictures = createPictureQuery(app);
  app.results = createResults(app);
  app.list = app.results.list;
  app.connection = createConnection(app);
  return app;
}

await start();
