/** What is known of the open picture, at its side: facts, how it fits what was asked, captions, tags, similar ones. */

import { loadCities } from "./cities.js";
import { make } from "./dom.js";
import { icon } from "./icons.js";
import { FACTS } from "./facts.js";
import { captionList, describing } from "./captions.js";
import { fitting } from "./fitting.js";
import { tagEditor } from "./tag-editor.js";
import { NOTHING } from "./url.js";
import { copyText } from "./copying.js";

const DETAIL_AFTER_MS = 120; // turning pages quickly asks for none of those passed
const SIMILAR = 12;

/**
 * @param {{show: (id) => void}} does shows another picture
 * @returns {{element, show(id, known): Promise<object | null>}} the detail, null where another picture came first
 */
export function createMetadata(app, does) {
  const element = make("aside", { class: "lb-info", "aria-label": app.t("lightbox.info"), tabindex: "-1" });
  let asked = new AbortController();

  async function show(id, known) {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    draw(id, known, null);
    await new Promise((resolve) => setTimeout(resolve, DETAIL_AFTER_MS));
    if (signal.aborted) return null;
    try {
      const detail = await app.api.image(id, { signal });
      if (typeof detail.latitude === "number") await loadCities();
      draw(id, known, detail);
      fillSimilar(id, signal);
      return detail;
    } catch (problem) {
      if (!signal.aborted) element.append(make("p", { class: "problem", role: "alert" }, problem.message));
      return null;
    }
  }

  function draw(id, known, detail) {
    const picture = { ...known, ...detail };
    const parts = [heading(picture), fitting(app, known), known && alike(known)];
    if (detail)
      parts.push(facts(picture), captionsOf(id, picture), tagsOf(id, picture), files(picture), similarPlace());
    element.replaceChildren(...parts.filter(Boolean));
    element.scrollTop = 0;
  }

  const section = (key, ...children) => make("section", {}, make("h3", {}, app.t(`lightbox.${key}`)), ...children);

  function heading(picture) {
    const offline = picture.offline
      ? make("p", { class: "problem" }, icon("warn", 18), app.t("lightbox.offline"))
      : null;
    return make("header", {}, make("h2", {}, picture.name ?? ""), offline);
  }

  function facts(picture) {
    const rows = FACTS.map((fact) => ({ ...fact, value: fact.text(picture, app.t) })).filter(({ value }) => value);
    const row = ({ name, value, narrows }) => {
      const changes = narrows?.(picture);
      const words = app.t(`lightbox.${name}`);
      const told = make("dd", {}, changes ? narrowing(name, value, changes) : value);
      return make("div", { class: "fact" }, make("dt", {}, words), told);
    };
    return make("dl", { class: "facts" }, ...rows.map(row));
  }

  /** All pictures that share this, and nothing else that was asked. */
  function narrowing(name, value, changes) {
    const title = app.t(`lightbox.narrow_${name}`);
    const to = () => app.state.set({ ...NOTHING, ...changes });
    return make("button", { class: "fact-filter", type: "button", title, onclick: to }, value, icon("search", 14));
  }

  const captionsOf = (id, picture) =>
    section("captions", captionList(app, picture.captions ?? []), describing(app, id));

  const tagsOf = (id, picture) =>
    section(
      "tags",
      tagEditor(app, id, picture.tags ?? [], {
        choose: (tag) => app.state.set({ ...NOTHING, tag: [tag] }),
      }),
    );

  function files(picture) {
    const row = (path) =>
      make(
        "li",
        {},
        make("code", {}, path),
        make(
          "button",
          {
            class: "icon-button small",
            type: "button",
            "aria-label": app.t("lightbox.copy"),
            title: app.t("lightbox.copy"),
            onclick: () => copyText(app, path, app.t("lightbox.copied")),
          },
          icon("copy", 16),
        ),
      );
    const paths = [picture.path, ...(picture.other_paths ?? []).map((other) => other.path ?? other)].filter(Boolean);
    return section(paths.length > 1 ? "files" : "file", make("ul", { class: "paths" }, ...paths.map(row)));
  }

  const tile = ({ image_id: id, name, path, version }) => {
    const words = name ?? path?.split(/[/\\]/).at(-1) ?? "";
    const image = make("img", { src: app.api.thumbnailUrl(id, 256, version), alt: "", loading: "lazy" });
    return make(
      "button",
      { class: "strip-tile", type: "button", "aria-label": words, title: words, onclick: () => does.show(id) },
      image,
    );
  };

  function alike({ image_id: id, alike: others = [] }) {
    const pictures = others.filter((one) => one.image_id && one.image_id !== id); // identical files are one picture
    return pictures.length ? section("alike", make("div", { class: "strip" }, ...pictures.map(tile))) : null;
  }

  function similarPlace() {
    const place = section("similar", make("div", { class: "strip similar" }));
    place.hidden = true;
    return place;
  }

  async function fillSimilar(id, signal) {
    const strip = element.querySelector(".similar");
    const answer = await app.api.similar(id, { k: SIMILAR + 1 }, { signal }).catch(() => null); // no strip: nothing is lost
    const hits = answer?.hits?.filter((hit) => hit.image_id !== id).slice(0, SIMILAR) ?? [];
    if (signal.aborted || !strip.isConnected || !hits.length) return;
    strip.replaceChildren(...hits.map(tile));
    strip.parentElement.hidden = false;
  }

  return { element, show };
}
