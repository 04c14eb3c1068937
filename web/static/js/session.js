/** Who asks: the token that a shown address carries becomes a cookie, and the page learns what this session may do. */

import { make } from "./dom.js";
import { icon } from "./icons.js";

/** What GET /session says; null where nobody is logged in, and then the page says so instead of pictures. */
export async function openSession(app) {
  const token = takeToken();
  const refused = token !== null && (await unlessRefused(app, () => app.api.logIn(token))) === REFUSED;
  const session = await unlessRefused(app, () => app.api.session());
  if (session === REFUSED) showLoggedOut(app, refused);
  app.server.addEventListener("logged_out", () => showLoggedOut(app));
  return session === REFUSED ? null : session;
}

const REFUSED = Symbol("refused");
const isRefusal = ({ status }) => status === 401 || status === 403;

/** What an answer brings, or REFUSED; while nobody answers, it waits until somebody does. */
async function unlessRefused(app, ask) {
  try {
    return await ask();
  } catch (problem) {
    if (isRefusal(problem)) return REFUSED;
    if (problem.status !== 0) throw problem;
  }
  await new Promise((resolve) => app.server.addEventListener("back", resolve, { once: true }));
  return unlessRefused(app, ask);
}

/** Covers the page, once: also when the key is renewed while the page is open. */
function showLoggedOut(app, refused = false) {
  if (document.body.classList.contains("logged-out")) return;
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  document.body.append(loggedOut(app, refused));
  document.body.classList.add("logged-out");
}

/** The token of "#token=…", taken out of the address at once: it belongs in no history. */
export function takeToken() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get("token");
  if (token === null) return null;
  fragment.delete("token");
  const rest = fragment.toString();
  history.replaceState(null, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
  return token;
}

function loggedOut(app, refused) {
  const { t } = app;
  const field = make("input", {
    id: "token",
    class: "field",
    name: "token",
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    required: true,
    "aria-describedby": "token-said",
  });
  const said = make("p", { id: "token-said", class: "said", role: "alert" }, refused ? t("session.refused") : "");
  const send = async (event) => {
    event.preventDefault();
    try {
      await app.api.logIn(field.value.trim());
      location.reload();
    } catch (problem) {
      said.textContent = isRefusal(problem) ? t("session.refused") : problem.message;
      field.select();
    }
  };
  return make(
    "main",
    { class: "logged-out-card" },
    make("div", { class: "state-icon" }, icon("key", 40)),
    make("h1", {}, t("session.out")),
    make("p", {}, t("session.how")),
    make(
      "form",
      { onsubmit: send },
      make("label", { for: "token" }, t("session.token")),
      field,
      make("button", { class: "button primary" }, t("session.enter")),
    ),
    said,
  );
}
