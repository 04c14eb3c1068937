/** What can be done with the picture that is open: more like it, download, copy its path, show it in its folder. */

import { copyText } from "./copying.js";
import { make } from "./dom.js";
import { icon } from "./icons.js";
import { opensPanel } from "./popover.js";

/** Buttons and their keys; `show(id, picture)` says which picture they are for. */
export function createActions(app, { toggleInfo }) {
  const { t } = app;
  let id = null;
  let picture = null;

  const does = {
    more: () => app.pictures.add(id, "like"),
    less: () => app.pictures.add(id, "unlike"),
    copy: () => copyText(app, picture?.path ?? "", t("lightbox.copied")),
    reveal: () => reveal(app, id),
    info: () => toggleInfo(),
  };

  const button = (name, key, attributes = {}) => {
    const label = t(`lightbox.${name}`);
    const shown = {
      class: `icon-button lb-do-${name}`,
      type: "button",
      "aria-label": label,
      title: key ? `${label} (${key})` : label,
    };
    return make("button", { ...shown, onclick: does[name], ...attributes }, icon(ICONS[name]));
  };
  const download = button("download", "d", { onclick: null });
  const panel = opensPanel(download, { label: () => t("lightbox.download"), kind: "menu", fill: fillDownload });
  const info = button("info", "i", { "aria-pressed": "false" });
  const reveals = button("reveal", "o");

  function fillDownload(panelElement, close) {
    const item = (words, told, options) =>
      make(
        "a",
        {
          class: "menu-item tall",
          href: app.api.originalUrl(id, options),
          download: "",
          onclick: () => setTimeout(close),
        },
        make("span", {}, words),
        make("small", {}, told),
      );
    const asIs = item(t("lightbox.original"), t("lightbox.original_told"), {});
    const without = item(t("lightbox.without_place"), t("lightbox.without_place_told"), { withoutLocation: true });
    panelElement.append(asIs, without);
  }

  const element = make(
    "div",
    { class: "lb-actions" },
    button("more", "m"),
    button("less", "l"),
    download,
    button("copy", "c"),
    reveals,
    info,
  );
  const allowed = () => Boolean(app.session?.features?.reveal);
  return {
    element,
    keys: { m: does.more, l: does.less, c: does.copy, d: () => panel.open(), o: () => allowed() && does.reveal() },
    infoIs: (shown) => info.setAttribute("aria-pressed", String(shown)),
    show(next, known) {
      id = next;
      picture = known;
      reveals.hidden = !allowed();
    },
  };
}

const ICONS = { more: "similar", less: "less", download: "download", copy: "copy", reveal: "folder", info: "info" };

async function reveal(app, id) {
  try {
    await app.api.reveal(id, app.state.get().folder);
  } catch (problem) {
    app.toast(problem.message);
  }
}
