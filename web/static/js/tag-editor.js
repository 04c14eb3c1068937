/** The tags of a picture: each leads to the pictures that have it; the owner adds and takes away. */

import { make } from "./dom.js";
import { icon } from "./icons.js";

let known = null; // names of all tags, asked for once someone begins to write one

/** @param {{choose: (tag: string) => void}} does what happens when a tag is pressed */
export function tagEditor(app, id, tags, does) {
  const { t } = app;
  const mayEdit = Boolean(app.session?.features?.tags);
  const list = make("div", { class: "tags" });
  const place = make("div", { class: "tag-editor" }, list);

  const chip = ({ name, source }) =>
    make(
      "span",
      { class: `tag ${source === "user" ? "mine" : ""}` },
      make(
        "button",
        {
          class: "tag-name",
          type: "button",
          title: t("lightbox.tag_shows", { name }),
          onclick: () => does.choose(name),
        },
        name,
      ),
      mayEdit
        ? make(
            "button",
            {
              class: "tag-remove",
              type: "button",
              "aria-label": t("lightbox.tag_remove", { name }),
              onclick: () => change({ remove: [name] }),
            },
            icon("close", 12),
          )
        : null,
    );

  function draw(now) {
    list.replaceChildren(...now.map(chip));
    if (!now.length && !mayEdit) list.append(make("p", { class: "quiet-note" }, t("lightbox.no_tags")));
  }

  async function change(changes) {
    try {
      const now = await app.api.changeTags(id, changes);
      app.list.forget(id);
      draw(now.tags);
      known = null;
      return true;
    } catch (problem) {
      app.toast(problem.message);
      return false;
    }
  }

  draw(tags);
  if (mayEdit) place.append(adding(app, change));
  return place;
}

function adding(app, change) {
  const { t } = app;
  const offered = make("datalist", { id: "tags-known" });
  const field = make("input", {
    class: "field",
    type: "text",
    name: "tag",
    autocomplete: "off",
    list: "tags-known",
    maxlength: "100",
    placeholder: t("lightbox.tag_add"),
    "aria-label": t("lightbox.tag_add"),
    onfocus: () => offer(app, offered),
  });
  const send = async (event) => {
    event.preventDefault();
    const names = field.value
      .split(",")
      .map((name) => name.trim())
      .filter(Boolean);
    if (names.length && (await change({ add: names }))) field.value = "";
    field.focus();
  };
  return make(
    "form",
    { class: "tag-form", onsubmit: send },
    field,
    offered,
    make("button", { class: "icon-button small", "aria-label": t("lightbox.tag_add") }, icon("plus", 18)),
  );
}

async function offer(app, offered) {
  known ??= app.api.tags().catch(() => ({ tags: [] })); // nothing is offered; what is typed counts as well
  const { tags } = await known;
  offered.replaceChildren(...tags.map(({ name }) => make("option", { value: name })));
}
