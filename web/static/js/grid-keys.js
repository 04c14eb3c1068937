/** What keys, clicks and drags do in the grid. */

import { DRAGGED } from "./tile.js";

/** Arrows and ends: where each leads from a picture. */
const STEPS = {
  ArrowLeft: (index) => index - 1,
  ArrowRight: (index) => index + 1,
  ArrowUp: (index, grid) => grid.layout.neighbour(index, -1),
  ArrowDown: (index, grid) => grid.layout.neighbour(index, 1),
  Home: () => 0,
  End: (_, __, count) => count - 1,
};

export function handleKeysAndClicks(root, app, grid) {
  const tileOf = (event) => event.target.closest?.(".tile");
  const idOf = (event) => Number(tileOf(event)?.dataset.id);

  const does = {
    more: (id) => app.pictures.add(id, "like"),
    less: (id) => app.pictures.add(id, "unlike"),
    stack: (id) => app.results.toggleStack(id),
    actions: (_, tile) => tile.classList.toggle("acting"),
  };
  const keys = { m: does.more, l: does.less, s: does.stack };

  addEventListener("click", (event) => {
    const kept = tileOf(event);
    for (const tile of root.querySelectorAll(".tile.acting")) if (tile !== kept) tile.classList.remove("acting");
  });

  root.addEventListener("click", (event) => {
    const tile = tileOf(event);
    if (!tile) return;
    const button = event.target.closest("[data-does]");
    if (button) does[button.dataset.does](idOf(event), tile);
    else if (!isPlain(event) || !event.target.closest(".tile-link")) return;
    else app.open(idOf(event));
    event.preventDefault();
  });

  root.addEventListener("keydown", (event) => {
    if (!tileOf(event) || !isPlain(event)) return;
    const index = app.list.indexOf(idOf(event));
    const step = STEPS[event.key];
    if (step) grid.focus(Math.min(Math.max(step(index, grid, app.list.length), 0), app.list.length - 1));
    else if (keys[event.key]) keys[event.key](idOf(event), tileOf(event));
    else return;
    event.preventDefault();
  });

  root.addEventListener("focusin", (event) => {
    if (tileOf(event)) grid.activate(app.list.indexOf(idOf(event)));
  });

  root.addEventListener("dragstart", (event) => {
    const tile = tileOf(event);
    if (!tile) return;
    event.dataTransfer.setData(DRAGGED, tile.dataset.id);
    event.dataTransfer.effectAllowed = "copyLink";
  });
}

const isPlain = (event) => !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
