/** What is known of the open picture, at its side: facts, how it fits what was asked, captions, tags, similar ones. */

import { captionList, describing } from "./captions.js";
import { loadCities } from "./cities.js";
import { copyText } from "./copying.js";
import { make } from "./dom.js";
import { FACTS } from "./facts.js";
import { fitting } from "./fitting.js";
import { shownInside } from "./folders.js";
import { icon } from "./icons.js";
import { tagEditor } from "./tag-editor.js";
import { NOTHING } from "./url.js";

const DETAIL_AFTER_MS = 120; // turning pages quickly asks for none of those passed
const SIMILAR = 12;

export class Metadata {
  #app;
  #open;
  #asked = new AbortController();
  #watching = new IntersectionObserver(([{ isIntersecting, target }]) => isIntersecting && target.fill());

  /** `open(id)` shows another picture. */
  constructor(app, open) {
    this.#app = app;
    this.#open = open;
    this.element = make("aside", { class: "lb-info", "aria-label": app.t("lightbox.info"), tabindex: "-1" });
  }

  /** Shows what is known, then all there is: the detail, or null where another picture came first. */
  async show(id, known) {
    this.#asked.abort();
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    this.#draw(this.#first(known));
    this.element.scrollTop = 0;
    await new Promise((resolve) => setTimeout(resolve, DETAIL_AFTER_MS));
    if (signal.aborted) return null;
    try {
      const detail = shownInside(await this.#app.api.image(id, { signal }), this.#app.state.get().folder);
      if (typeof detail.latitude === "number") await loadCities();
      if (signal.aborted) return null;
      this.#draw([...this.#first({ ...known, ...detail }), ...this.#rest(id, detail), this.#similar(id, signal)]);
      return detail;
    } catch (problem) {
      if (!signal.aborted) this.element.append(make("p", { class: "problem", role: "alert" }, problem.message));
      return null;
    }
  }

  #draw(parts) {
    this.#watching.disconnect();
    this.element.replaceChildren(...parts.filter(Boolean));
    const similar = this.element.querySelector(".similar");
    if (similar) this.#watching.observe(similar);
  }

  /** What a hit, or a record of the grid, tells already. */
  #first(picture) {
    return picture
      ? [this.#heading(picture), fitting(this.#app, picture), this.#alike(picture), this.#facts(picture)]
      : [];
  }

  #rest(id, detail) {
    const choose = (tag) => this.#app.state.set({ ...NOTHING, tag: [tag] });
    return [
      this.#section("captions", captionList(this.#app, detail.captions), describing(this.#app, id)),
      this.#section("tags", tagEditor(this.#app, id, detail.tags, { choose })),
      this.#files(detail),
    ];
  }

  #section(key, ...children) {
    return make("section", {}, make("h3", {}, this.#app.t(`lightbox.${key}`)), ...children);
  }

  #heading({ name, offline }) {
    const told = offline ? make("p", { class: "problem" }, icon("warn", 18), this.#app.t("lightbox.offline")) : null;
    return make("header", {}, make("h2", {}, name ?? ""), told);
  }

  #facts(picture) {
    const { t } = this.#app;
    const row = ({ name, text, narrows }) => {
      const value = text(picture, t);
      if (!value) return null;
      const changes = narrows?.(picture);
      const told = make("dd", {}, changes ? this.#narrowing(name, value, changes) : value);
      return make("div", { class: "fact" }, make("dt", {}, t(`lightbox.${name}`)), told);
    };
    return make("dl", { class: "facts" }, ...FACTS.map(row));
  }

  /** All pictures that share this, and nothing else that was asked. */
  #narrowing(name, value, changes) {
    const title = this.#app.t(`lightbox.narrow_${name}`);
    const to = () => this.#app.state.set({ ...NOTHING, ...changes });
    return make("button", { class: "fact-filter", type: "button", title, onclick: to }, value, icon("search", 14));
  }

  #files({ path, other_paths: others }) {
    const { t } = this.#app;
    const label = t("lightbox.copy");
    const row = (one) => {
      const copy = () => copyText(this.#app, one, t("lightbox.copied"));
      const looks = { class: "icon-button small", type: "button", "aria-label": label, title: label };
      return make("li", {}, make("code", {}, one), make("button", { ...looks, onclick: copy }, icon("copy", 16)));
    };
    const paths = [path, ...others.map((other) => other.path ?? other)].filter(Boolean);
    return this.#section(paths.length > 1 ? "files" : "file", make("ul", { class: "paths" }, ...paths.map(row)));
  }

  #alike({ image_id: id, alike: others = [] }) {
    const pictures = others.filter((one) => one.image_id && one.image_id !== id); // identical files are one picture
    return pictures.length ? this.#section("alike", this.#strip(pictures)) : null;
  }

  #strip(pictures) {
    const tile = ({ image_id: id, name, path, version }) => {
      const words = name ?? path.split(/[/\\]/).at(-1);
      const image = make("img", { src: this.#app.api.thumbnailUrl(id, 256, version), alt: "", loading: "lazy" });
      const looks = { class: "strip-tile", type: "button", "aria-label": words, title: words };
      return make("button", { ...looks, onclick: () => this.#open(id) }, image);
    };
    return make("div", { class: "strip" }, ...pictures.map(tile));
  }

  /** Asked for once it comes into view: who only turns pages waits for none of it. */
  #similar(id, signal) {
    const place = this.#section("similar");
    place.classList.add("similar");
    place.fill = async () => {
      this.#watching.disconnect();
      const answer = await this.#app.api.similar(id, { k: SIMILAR + 1 }, { signal }).catch(() => null); // nothing is lost
      if (signal.aborted) return;
      const hits = answer?.hits.filter((hit) => hit.image_id !== id).slice(0, SIMILAR) ?? [];
      place.hidden = hits.length === 0;
      place.append(this.#strip(hits));
    };
    return place;
  }
}
