/** The edge of a long list by dates: shows where one is, and takes one anywhere. Only for browsing; hidden where all fits. */

import { make } from "./dom.js";
import { headingOf, shortName } from "./headings.js";

const WORTH = 4; // views of pictures; below, the scroll bar is enough
const APART = 22; // px between two years

export function mount(root, app) {
  const { t } = app;
  const years = make("div", { class: "scrubber-years", "aria-hidden": "true" });
  const bubble = make("div", { class: "scrubber-bubble", "aria-hidden": "true" });
  const hand = make("div", {
    class: "scrubber-hand",
    role: "slider",
    tabindex: "0",
    "aria-label": t("frame.scrubber"),
    "aria-orientation": "vertical",
    "aria-valuemin": 0,
    "aria-valuemax": 100,
  });
  root.append(years, bubble, hand);
  let held = false;
  let frame = 0;

  const span = () => Math.max(app.grid.layout.height - innerHeight, 1);
  const sectionAt = (y) => app.list.sections[Math.max(app.grid.layout.sectionAt(y), 0)];

  function draw() {
    frame = 0;
    const { sections } = app.list;
    root.hidden =
      Boolean(app.state.get().view) ||
      !(sections[0]?.day !== undefined && app.grid.layout.height > WORTH * innerHeight);
    if (root.hidden) return;
    const y = Math.min(Math.max(app.grid.top, 0), span());
    const share = y / span();
    const section = sectionAt(y);
    const name = shortName(section, app);
    hand.style.top = bubble.style.top = `${share * root.clientHeight}px`;
    hand.setAttribute("aria-valuenow", Math.round(100 * share));
    hand.setAttribute("aria-valuetext", headingOf(section, app).join(" ")); // of months, days would sound the same
    bubble.textContent = name;
  }

  function drawYears() {
    const height = root.clientHeight;
    let last = -APART;
    let year = "";
    const labels = [];
    app.list.sections.forEach((section, number) => {
      const name = section.day?.slice(0, 4);
      if (!name || name === year) return;
      year = name;
      const at = (app.grid.layout.headingTops[number] / app.grid.layout.height) * height;
      if (at - last < APART) return;
      last = at;
      const label = make("span", {}, name);
      label.style.top = `${at}px`;
      labels.push(label);
    });
    years.replaceChildren(...labels);
  }

  function goTo(clientY) {
    const { top, height } = root.getBoundingClientRect();
    app.grid.scrollTo(Math.min(Math.max((clientY - top) / height, 0), 1) * span());
    draw();
  }

  root.addEventListener("pointerdown", (event) => {
    held = true;
    root.setPointerCapture(event.pointerId);
    root.classList.add("held");
    goTo(event.clientY);
    event.preventDefault();
  });
  root.addEventListener("pointermove", (event) => held && goTo(event.clientY));
  for (const end of ["pointerup", "pointercancel"]) {
    root.addEventListener(end, () => {
      held = false;
      root.classList.remove("held");
    });
  }
  hand.addEventListener("keydown", (event) => {
    const step = {
      ArrowDown: 1,
      ArrowUp: -1,
      ArrowRight: 1,
      ArrowLeft: -1,
      PageDown: 12,
      PageUp: -12,
      Home: -Infinity,
      End: Infinity,
    }[event.key];
    if (!step) return;
    event.preventDefault();
    const { headingTops } = app.grid.layout;
    const number = app.grid.layout.sectionAt(Math.max(app.grid.top, 0) + 1) + step;
    app.grid.scrollTo(number < headingTops.length ? headingTops[Math.max(number, 0)] : span());
    draw();
  });

  const soon = () => (frame ||= requestAnimationFrame(draw));
  const anew = () => requestAnimationFrame(() => (draw(), root.hidden || drawYears()));
  addEventListener("scroll", soon, { passive: true });
  addEventListener("resize", anew);
  app.list.subscribe((what) => what !== "records" && anew());
  app.state.subscribe((now, before) => now.view !== before.view && anew());
}
