/** The view of what the library has more than once: groups side by side, marks, and the list of what is marked. */

import { make } from "./dom.js";
import { groupCard } from "./duplicate-group.js";
import { createMarks, exporting } from "./duplicate-marks.js";
import { bytes } from "./i18n.js";
import { FILTERS, changed } from "./state.js";

const PAGE = 20; // groups asked for at once
const KINDS = ["identical", "near_copy"];
const AHEAD_PIXELS = 1200;

/** Keeps the view as the state says; it asks only while it is shown. */
export function mount(root, app) {
  const view = new DuplicatesView(root, app);
  app.duplicates = view.pictures;
  app.state.subscribe((now, before) => {
    if (now.view !== "duplicates") return view.leave();
    return now.view !== before.view || changed(before, now, FILTERS) ? view.refresh() : undefined;
  });
  if (app.state.get().view === "duplicates") view.refresh();
}

/** The pictures of the groups that are shown, in their order: what the lightbox turns pages of. */
class ShownPictures {
  #ids = [];

  constructor(more) {
    this.more = more;
    this.hasMore = false;
  }

  get length() {
    return this.#ids.length;
  }

  idAt = (index) => this.#ids[index];
  indexOf = (id) => this.#ids.indexOf(id);
  pictureAt = () => null; // all that is known of them is asked for

  clear() {
    this.#ids = [];
  }

  add(groups) {
    const ids = groups.flatMap(({ files }) => files.map((file) => file.image_id));
    this.#ids = [...new Set([...this.#ids, ...ids])]; // identical files are one picture
  }
}

class DuplicatesView {
  #app;
  #kinds = [...KINDS];
  #cursor = null;
  #asked = new AbortController();
  #busy = false;
  #cards = [];

  constructor(root, app) {
    this.#app = app;
    const { t } = app;
    this.pictures = new ShownPictures(() => this.#more());
    this.marks = createMarks();
    this.marks.subscribe(() => this.#cards.forEach((card) => card.draw()));
    this.summary = make("p", { class: "duplicates-summary", role: "status" });
    this.groups = make("div", { class: "duplicates-groups" });
    this.end = make("div", { class: "duplicates-end" });
    root.setAttribute("aria-label", t("duplicates.title"));
    root.append(
      make(
        "header",
        { class: "duplicates-head" },
        make("div", {}, make("h1", {}, t("duplicates.title")), this.summary),
        this.#kindSwitch(),
      ),
      make("p", { class: "quiet-note" }, t("duplicates.safe")),
      this.groups,
      this.end,
      exporting(app, this.marks),
    );
    const margins = { rootMargin: `${AHEAD_PIXELS}px` };
    new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && this.#more(), margins).observe(this.end);
  }

  #kindSwitch() {
    const { t } = this.#app;
    const choices = { all: KINDS, identical: ["identical"], near_copy: ["near_copy"] };
    const button = (name) =>
      make(
        "button",
        {
          class: "chip",
          type: "button",
          "aria-pressed": String(name === "all"),
          onclick: (event) => {
            for (const other of event.currentTarget.parentElement.children) other.setAttribute("aria-pressed", "false");
            event.currentTarget.setAttribute("aria-pressed", "true");
            this.#kinds = choices[name];
            this.refresh();
          },
        },
        t(`duplicates.${name}`),
      );
    return make(
      "div",
      { class: "duplicates-kinds", role: "group", "aria-label": t("duplicates.kinds") },
      ...Object.keys(choices).map(button),
    );
  }

  /** Asks anew, from the first group on. Marks stay. */
  async refresh() {
    this.leave();
    this.groups.replaceChildren();
    this.#cards = [];
    this.pictures.clear();
    this.#cursor = null;
    this.#say(this.#app.t("duplicates.looking"));
    await this.#ask();
  }

  leave() {
    this.#asked.abort();
    this.#busy = false;
  }

  async #more() {
    if (this.#cursor !== null && !this.#busy) await this.#ask();
  }

  async #ask() {
    this.#busy = true;
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    const wanted = { kinds: this.#kinds, filters: this.#app.state.filters(), k: PAGE };
    if (this.#cursor !== null) wanted.cursor = this.#cursor;
    this.end.classList.add("busy");
    try {
      const found = await this.#app.api.duplicates(wanted, { signal });
      if (!signal.aborted) this.#show(found);
    } catch (problem) {
      if (!signal.aborted) this.#failed(problem);
    } finally {
      if (!signal.aborted) {
        this.#busy = false;
        this.end.classList.remove("busy");
      }
    }
  }

  #show({ groups, total_groups: total, wasted_bytes: wasted, next_cursor: next }) {
    const { t } = this.#app;
    this.#cursor = next;
    this.pictures.add(groups);
    this.pictures.hasMore = next !== null;
    const cards = groups.map((group) => groupCard(this.#app, group, this.marks));
    this.#cards.push(...cards);
    this.groups.append(...cards.map(({ element }) => element));
    if (total) this.#say(t("duplicates.found", { count: total, size: bytes(wasted) }));
    else this.#say(t("duplicates.none"));
  }

  #failed(problem) {
    const again = make(
      "button",
      { class: "button", type: "button", onclick: () => this.refresh() },
      this.#app.t("duplicates.again"),
    );
    this.#say(problem.message);
    this.groups.append(again);
  }

  #say(words) {
    this.summary.textContent = words;
  }
}
