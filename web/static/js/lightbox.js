/** One picture, large: its neighbours by keys, buttons and swipes, what is known of it at its side. The address opens it. */

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { createActions } from "./lightbox-actions.js";
import { createMetadata } from "./metadata.js";
import { zoomable } from "./zoom.js";

const REMEMBERED_AS = "search.info";
const PAN_PIXELS = 80;

/** Draws the dialog; it opens and closes as `state.open` says, so that Back and a shared address do, too. */
export function mount(root, app) {
  const { t } = app;
  const low = make("img", { class: "lb-low", alt: "", draggable: "false" });
  const high = make("img", { class: "lb-high", alt: "", draggable: "false" });
  const said = make("p", { class: "lb-said", role: "status", hidden: true });
  const turn = (by, name, label) =>
    make(
      "button",
      {
        class: `icon-button lb-turn lb-${name}`,
        type: "button",
        "aria-label": label,
        title: label,
        onclick: () => go(by),
      },
      icon(name, 28),
    );
  const [back, on] = [turn(-1, "left", t("lightbox.previous")), turn(1, "right", t("lightbox.next"))];
  const stage = make("div", { class: "lb-stage" }, low, high, said, back, on);
  const counter = make("span", { class: "lb-counter", "aria-live": "polite" });
  const actions = createActions(app, { toggleInfo });
  const metadata = createMetadata(app, { show: (id) => app.state.set({ open: id }), leave: closing });
  const shut = make(
    "button",
    { class: "icon-button", type: "button", "aria-label": t("app.close"), title: t("app.close"), onclick: closing },
    icon("close"),
  );
  const bar = make("div", { class: "lb-bar" }, counter, make("span", { class: "lb-name" }), actions.element, shut);
  const dialog = make(
    "dialog",
    { class: "lightbox", "aria-label": t("lightbox.name") },
    make("div", { class: "lb-main" }, stage, bar),
    metadata.element,
  );
  root.append(dialog);
  const zoom = zoomable(stage, { onSwipe: swiped, onZoom: sharpen });
  let shown = null; // the id
  let index = -1;

  function sharpen(scale) {
    dialog.classList.toggle("is-zoomed", scale > 1);
  }

  function swiped(way) {
    if (way === "down") closing();
    else go(way === "left" ? 1 : -1);
  }

  function closing() {
    app.close();
  }

  /** Which picture is so many on; undefined where the list ends. */
  async function neighbour(by) {
    if (index === -1 || index + by < 0) return undefined;
    if (index + by >= app.list.length && app.list.hasMore) await app.list.more();
    return app.list.idAt(index + by);
  }

  async function go(by) {
    const from = shown;
    const id = await neighbour(by);
    if (id !== undefined && shown === from) app.state.set({ open: id }, { replace: true });
  }

  function count() {
    index = app.list.indexOf(shown);
    counter.textContent = index === -1 ? "" : t("lightbox.of", { number: index + 1, total: app.list.length });
    back.disabled = index <= 0;
    on.disabled = index === -1 || (index + 1 >= app.list.length && !app.list.hasMore);
  }

  async function show(id) {
    shown = id;
    count();
    const known = index === -1 ? null : app.list.pictureAt(index);
    const name = (picture) => {
      dialog.querySelector(".lb-name").textContent = picture?.name ?? "";
      high.alt = picture?.name ?? t("lightbox.name");
    };
    name(known);
    drawPicture(id, known);
    actions.show(id, known);
    const detail = await metadata.show(id, known);
    if (shown !== id || detail === null) return;
    name(detail);
    actions.show(id, detail);
  }

  /** The thumbnail at once, then the rendition, once it is decoded; then those of the neighbours are fetched. */
  async function drawPicture(id, known) {
    said.hidden = true;
    low.src = app.api.thumbnailUrl(id, 512, known?.version);
    high.classList.remove("here");
    high.removeAttribute("src");
    zoom.element(low);
    const next = new Image();
    next.src = app.api.renditionUrl(id);
    try {
      await next.decode();
    } catch {
      if (shown === id) await tellMissing(id);
      return;
    }
    if (shown !== id) return;
    high.src = next.src;
    await high.decode().catch(() => undefined); // replaced meanwhile by the next picture
    if (shown !== id) return;
    high.classList.add("here");
    zoom.follow(high);
    prefetch();
  }

  async function tellMissing(id) {
    const told = await fetch(app.api.renditionUrl(id))
      .then((answer) => answer.json())
      .catch(() => null);
    if (shown !== id) return;
    said.textContent = told?.detail ?? t("lightbox.missing");
    said.hidden = false;
  }

  function prefetch() {
    for (const by of [1, -1]) {
      const id = index + by >= 0 && index !== -1 ? app.list.idAt(index + by) : undefined;
      if (id !== undefined) new Image().src = app.api.renditionUrl(id);
    }
  }

  function toggleInfo(wanted = dialog.classList.contains("bare")) {
    dialog.classList.toggle("bare", !wanted);
    actions.infoIs(wanted);
    try {
      localStorage.setItem(REMEMBERED_AS, wanted ? "shown" : "hidden");
    } catch {
      // a browser that keeps nothing for pages: the side is shown again next time
    }
  }

  function infoWanted() {
    try {
      const kept = localStorage.getItem(REMEMBERED_AS);
      if (kept) return kept === "shown";
    } catch {
      // as above
    }
    return innerWidth >= 900;
  }

  const KEYS = {
    ArrowLeft: () => (zoom.scale() > 1 ? zoom.pan(PAN_PIXELS, 0) : go(-1)),
    ArrowRight: () => (zoom.scale() > 1 ? zoom.pan(-PAN_PIXELS, 0) : go(1)),
    ArrowUp: () => zoom.pan(0, PAN_PIXELS),
    ArrowDown: () => zoom.pan(0, -PAN_PIXELS),
    "+": () => zoom.step(1),
    "=": () => zoom.step(1),
    "-": () => zoom.step(-1),
    0: () => zoom.reset(),
    z: () => zoom.toggle(),
    i: () => toggleInfo(),
    ...actions.keys,
  };

  dialog.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [popover]"))
      return;
    const arrow = event.key.startsWith("Arrow");
    if (arrow && event.target.closest(".lb-info") && (event.key === "ArrowUp" || event.key === "ArrowDown")) return;
    if (!(event.key in KEYS)) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    if (zoom.scale() > 1) zoom.reset();
    else closing();
  });

  const follow = ({ open }) => {
    if (open === null) {
      shown = null;
      if (dialog.open) dialog.close();
      return;
    }
    if (open === shown) return;
    if (!dialog.open) {
      toggleInfo(infoWanted());
      dialog.showModal();
      stage.focus();
    }
    show(open);
  };
  app.state.subscribe(follow);
  app.list.subscribe((what) => shown !== null && what !== "records" && count());
  follow(app.state.get());
}
