// Who asks: the token that a shown address carries becomes a cookie, and the page learns what this session may do.

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** What GET /session says; null where nobody is logged in, and then the page says so instead of pictures. */
export async function openSession(app) {
  const token = takeToken();
  try {
    if (token) await app.api.logIn(token);
    return await app.api.session();
  } catch (problem) {
    if (problem.status !== 401 && problem.status !== 403) throw problem;
    document.body.append(loggedOut(app, token !== null));
    document.body.classList.add("logged-out");
    return null;
  }
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
  const field = h("input", {
    id: "token",
    name: "token",
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    required: true,
    "aria-describedby": "token-said",
  });
  const said = h("p", { id: "token-said", class: "said", role: "alert" }, refused ? t("session.refused") : "");
  const send = async (event) => {
    event.preventDefault();
    try {
      await app.api.logIn(field.value.trim());
      location.reload();
    } catch (problem) {
      said.textContent = problem.status === 401 || problem.status === 403 ? t("session.refused") : problem.message;
      field.select();
    }
  };
  return h(
    "main",
    { class: "logged-out-card" },
    h("div", { class: "logged-out-icon" }, icon("key", 40)),
    h("h1", {}, t("session.out")),
    h("p", {}, t("session.how")),
    h(
      "form",
      { onsubmit: send },
      h("label", { for: "token" }, t("session.token")),
      field,
      h("button", { class: "button primary" }, t("session.enter")),
    ),
    said,
  );
}
