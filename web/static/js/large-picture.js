/** The picture of the lightbox: its thumbnail at once, then the rendition, once that is decoded. */

import { make } from "./dom.js";
import { problemText } from "./i18n.js";

const SOFT_FROM = 1.25; // a picture drawn larger than this times its pixels looks soft
const LOW_SIZE = 512; // the grid has it already, mostly
const SHOWN_BY_BROWSERS = ["jpeg", "png", "webp", "gif", "avif"];
const UNKNOWN = { width: 1600, height: 1200 };

export class LargePicture {
  #app;
  #frame;
  #shown = null;
  #file = null;

  constructor(frame, app) {
    this.#frame = frame;
    this.#app = app;
    this.low = make("img", { class: "lb-low", alt: "", draggable: "false" });
    this.high = make("img", { class: "lb-high", alt: "", draggable: "false" });
    this.said = make("p", { class: "lb-said", role: "status", hidden: true });
    for (const image of [this.low, this.high]) {
      image.addEventListener("load", () => image.classList.remove("failed"));
      image.addEventListener("error", () => image.classList.add("failed"));
    }
    frame.append(this.low, this.high);
  }

  name(words) {
    this.high.alt = words;
  }

  /** What the file is, once that is known: whether the browser can show it itself, and how large it is. */
  fileIs(id, { format, width } = {}) {
    if (this.#shown === id && SHOWN_BY_BROWSERS.includes(format?.toLowerCase())) this.#file = { width };
  }

  /** The file itself in place of its rendition, once one looks closer than that is sharp. */
  async sharpen(shownWidth) {
    const [id, image] = [this.#shown, this.high];
    const soft = image.naturalWidth * SOFT_FROM < shownWidth * devicePixelRatio;
    if (!soft || !(this.#file?.width > image.naturalWidth) || !image.classList.contains("here")) return;
    this.#file = null;
    const file = new Image();
    file.src = this.#app.api.originalUrl(id);
    const decoded = await file.decode().then(
      () => true,
      () => false, // its drive is gone, or it is broken: the rendition stays
    );
    if (decoded && this.#shown === id) image.src = file.src;
  }

  clear() {
    this.#shown = null;
    for (const image of [this.low, this.high]) image.removeAttribute("src");
  }

  /** `sized({width, height})` hears how large it is: at once where that is known, else when the file tells. */
  async show(id, known, sized) {
    this.#shown = id;
    this.#file = null;
    this.said.hidden = true;
    this.high.classList.remove("here");
    this.high.removeAttribute("src");
    this.low.src = this.#app.api.thumbnailUrl(id, LOW_SIZE, known?.version);
    const size = known?.width ? { width: known.width, height: known.height } : null;
    sized(size ?? UNKNOWN);
    this.#frame.classList.toggle("unsized", !size);

    const next = new Image();
    next.src = this.#app.api.renditionUrl(id);
    try {
      await next.decode();
    } catch {
      await this.#tellMissing(id);
      return;
    }
    if (this.#shown !== id) return;
    if (!size) sized({ width: next.naturalWidth, height: next.naturalHeight });
    this.high.src = next.src;
    await this.high.decode().catch(() => undefined); // the next picture took its place meanwhile
    if (this.#shown !== id) return;
    this.high.classList.add("here");
    this.#frame.classList.remove("unsized");
  }

  /** An image element does not say why there is none; the server does. */
  async #tellMissing(id) {
    if (this.#shown !== id) return;
    const answer = await fetch(this.#app.api.renditionUrl(id)).catch(() => null);
    const told = answer && !answer.ok ? await answer.json().catch(() => null) : null;
    if (this.#shown !== id) return;
    this.said.textContent = told?.detail ? problemText(told) : this.#app.t("lightbox.missing");
    this.said.hidden = false;
  }
}
