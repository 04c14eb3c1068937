/**
 * Whoever works by keyboard keeps their place: where what has the focus goes away (a chip that is removed, a button
 * that is drawn anew, a panel that closes), the focus goes to what stands where it stood, or nearest to it.
 */

const REACHABLE = "a[href], button, input, select, textarea, [tabindex]";
const TYPED = "input:not([type=checkbox], [type=radio], [type=range]), textarea"; // opens the keyboard of a phone
const ON_GLASS = matchMedia("(pointer: coarse)");

export function mount(_, app) {
  let trail = []; // of what had the focus last: what it stood in, from the inside out, and at which place there
  let outside = []; // likewise, of what had it last outside of dialogs and panels
  let had = null;

  addEventListener("focusin", ({ target }) => {
    had = target;
    const within = trailOf(target);
    if (target.closest("dialog, [popover]")) trail = [...within, ...outside];
    else trail = outside = within;
  });

  function look() {
    if (had === null || (document.activeElement !== document.body && document.activeElement !== null)) return;
    if (isThere(had)) had = null; // left on purpose
    else recover();
  }

  function recover() {
    const top = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
    for (const { element, place } of trail) {
      if (!top.contains(element) || !isVisible(element)) continue;
      if (element.id === "grid" && app.list.length) return app.grid.focus(Math.max(app.grid.active, 0));
      const found = reachable(element);
      if (found.length) return found[Math.min(place, found.length - 1)].focus({ preventScroll: true });
    }
  }

  // What the page itself does when something closes comes first.
  const soon = () => requestAnimationFrame(() => requestAnimationFrame(look));
  addEventListener("focusout", (event) => event.relatedTarget === null && soon());
  for (const event of ["keyup", "click"]) addEventListener(event, soon);
  app.list.subscribe((what) => what !== "records" && soon());
}

function trailOf(target) {
  const found = [];
  for (let element = target.parentElement; element && element !== document.documentElement; ) {
    if (element.id === "grid") return [{ element, place: 0 }]; // it knows its own way
    found.push({ element, place: placeIn(element, target) });
    element = element.parentElement;
  }
  return found;
}

/** How many that Tab reaches stand before it there. */
function placeIn(element, target) {
  const all = [...element.querySelectorAll(REACHABLE)].filter((one) => one.tabIndex >= 0 && !one.disabled);
  return Math.max(all.indexOf(target), 0);
}

const isVisible = (element) => element.isConnected && element.checkVisibility({ visibilityProperty: true });

/** A tile's buttons are seen only while one is at them. */
const isThere = (element) =>
  element.isConnected && !element.disabled && (element.closest("#grid:not([hidden])") !== null || isVisible(element));

/** What Tab reaches in it; a field only where there is nothing else: nobody wants to find themselves typing. */
function reachable(element) {
  const isReached = (one) => one.tabIndex >= 0 && !one.disabled && isVisible(one);
  const all = [...element.querySelectorAll(REACHABLE)].filter(isReached);
  const pressed = all.filter((one) => !one.matches(TYPED));
  return pressed.length || ON_GLASS.matches ? pressed : all;
}
