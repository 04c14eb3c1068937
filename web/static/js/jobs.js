/** Index jobs: a sign in the header while one runs, a panel with its progress, and a way to start and to stop one. */

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { jobCard, isRunning } from "./job-card.js";
import { isFree } from "./keys.js";
import { openDialog } from "./panel.js";

/** Makes `app.showJobs()`; the sign is put beside the menu. Only who may start jobs sees any of it. */
export function mount(root, app) {
  new Jobs(root, app);
}

class Jobs {
  #app;
  #events = null;
  #dialog = null;

  constructor(root, app) {
    this.#app = app;
    this.root = root;
    this.jobs = [];
    const label = app.t("jobs.running");
    this.sign = make(
      "button",
      {
        class: "icon-button job-indicator",
        type: "button",
        "aria-label": label,
        title: label,
        hidden: true,
        onclick: () => this.open(),
      },
      icon("jobs"),
    );
    document.getElementById("menu").prepend(this.sign);
    app.showJobs = () => this.open();
    app.lookForJobs = () => this.look();
    addEventListener("keydown", (event) => event.key === "j" && isFree(event) && this.#allowed && this.open());
    app.server.addEventListener("back", () => this.look());
    app.results.subscribe(() => app.session && !this.looked && this.look());
  }

  get #allowed() {
    return Boolean(this.#app.session?.features?.jobs);
  }

  /** Asks which jobs there are, and follows the one that runs. */
  async look() {
    this.looked = true;
    if (!this.#allowed) return;
    const answer = await this.#app.api.jobs().catch(() => null); // who looks at the panel is told by what they press
    if (answer === null) return;
    this.jobs = answer.jobs;
    const running = this.jobs.find(isRunning);
    if (running && this.#events === null) this.#follow(running.id);
    this.#draw();
  }

  #follow(id) {
    this.#events = this.#app.api.jobEvents(id);
    const heard = (event) => this.#heard(id, JSON.parse(event.data));
    for (const name of ["progress", "done", "problem"])
      this.#events.addEventListener(name, (event) => event.data && heard(event));
    this.#app.lookForNew?.(); // from now on the page looks for new pictures more often
    this.#events.addEventListener("error", () => {
      if (this.#events?.readyState === EventSource.CLOSED) this.#unfollow();
    });
  }

  #unfollow() {
    this.#events?.close();
    this.#events = null;
  }

  #heard(id, job) {
    this.jobs = this.jobs.map((other) => (other.id === id ? job : other));
    this.#draw();
    if (isRunning(job)) return;
    this.#unfollow();
    this.#app.lookForNew?.();
  }

  #draw() {
    this.sign.hidden = !this.jobs.some(isRunning);
    if (!this.#dialog) return;
    const { t } = this.#app;
    const cards = this.jobs.map((job) => jobCard(this.#app, job, () => this.#cancel(job)));
    const none = make("p", { class: "quiet-note" }, t("jobs.none"));
    this.list.replaceChildren(...(cards.length ? cards : [none]));
    for (const control of this.form.elements) control.disabled = this.jobs.some(isRunning);
  }

  open() {
    const { t } = this.#app;
    this.list = make("div", { class: "jobs", "aria-live": "polite" });
    this.form = this.#starting();
    const content = make("div", { class: "jobs" }, make("p", {}, t("jobs.told")), this.form, this.list);
    const ended = () => {
      this.#dialog = null;
    };
    this.#dialog = openDialog(this.root, t("jobs.title"), content, { ended });
    this.look();
  }

  #starting() {
    const { t } = this.#app;
    const folder = make("input", {
      class: "field",
      type: "text",
      name: "folder",
      autocomplete: "off",
      spellcheck: "false",
      placeholder: t("jobs.folder_hint"),
      "aria-label": t("jobs.folder"),
    });
    const prune = make("input", { type: "checkbox", name: "prune" });
    const add = make("button", { class: "button", type: "submit" }, icon("plus", 18), t("jobs.add"));
    const again = make(
      "button",
      { class: "button primary", type: "button", onclick: () => this.#start({ prune: prune.checked }) },
      t("jobs.again"),
    );
    const send = (event) => {
      event.preventDefault();
      const path = folder.value.trim();
      if (path) this.#start({ paths: [path], prune: prune.checked });
      else folder.focus();
    };
    this.said = make("p", { class: "problem", role: "alert" });
    return make(
      "form",
      { class: "job-start", onsubmit: send },
      make("div", { class: "row" }, folder, add),
      this.said,
      make("label", { class: "choice job-prune" }, prune, icon("check", 16), make("span", {}, t("jobs.prune"))),
      make("div", { class: "row" }, again),
    );
  }

  async #start(what) {
    this.said.textContent = "";
    try {
      const job = await this.#app.api.startJob({ kind: "index", ...what });
      this.form.reset();
      this.jobs = [job, ...this.jobs.filter((other) => other.id !== job.id)];
      this.#unfollow();
      this.#follow(job.id);
      this.#draw();
    } catch (problem) {
      this.said.textContent = problem.message;
    }
  }

  async #cancel(job) {
    try {
      await this.#app.api.cancelJob(job.id);
    } catch (problem) {
      this.#app.toast(problem.message);
    }
  }
}
