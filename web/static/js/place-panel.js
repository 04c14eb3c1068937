/** The panel of places: a map, a place typed as a city or by numbers, a radius, and the places there are as a list. */

import { cityNamed, gathered, loadCities } from "./cities.js";
import { make } from "./dom.js";
import { placeText } from "./filter-words.js";
import { number, t } from "./i18n.js";
import { PlaceMap } from "./placemap.js";

const RADII_KM = [1, 5, 20, 50, 200, 1000];
const USUAL_KM = 20; // what is nearer to each other than that is one place in the list
const LISTED = 60;

const round = (degrees) => Math.round(degrees * 1000) / 1000;

/** The smallest radius of ours that holds a place of this size. */
const reaching = (km) => RADII_KM.find((radius) => radius >= km) ?? Math.ceil(km);

/** "48.86, 2.35" or the name of a city; null where it is neither. */
export function placeTyped(text) {
  const numbers = text
    .split(/[,;\s]+/)
    .filter(Boolean)
    .map(Number);
  if (numbers.length !== 2 || numbers.some(Number.isNaN)) return cityNamed(text);
  const [latitude, longitude] = numbers;
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : null;
}

/** As filter-panels.js has them: an element, and how to show facets and state in it. */
export function placePanel(apply) {
  return new PlacePanel(apply);
}

class PlacePanel {
  #apply;
  #near = null;
  #radius = USUAL_KM;

  constructor(apply) {
    this.#apply = apply;
    this.map = new PlaceMap({
      onPick: (place) => this.#choose(place, Math.max(this.#radius, reaching(place.radius_km))),
      onPoint: (latitude, longitude) => this.#choose({ latitude, longitude }),
    });
    const place = t("filters.coordinates");
    this.typed = make("input", {
      class: "field",
      placeholder: place,
      "aria-label": place,
      onchange: () => this.#takeTyped(),
    });
    this.within = make("select", {
      class: "field",
      "aria-label": t("filters.radius"),
      onchange: () => this.#takeRadius(),
    });
    this.list = make("div", { class: "choices", role: "group", "aria-label": t("filters.place") });
    this.none = make("p", { class: "quiet-note" }, t("filters.no_places"));
    const fields = make("div", { class: "two" }, this.typed, this.within);
    this.element = make("div", { class: "stack" }, this.map.element, fields, this.none, this.list);
  }

  async show({ places }, { near }) {
    await loadCities();
    this.#near = near;
    if (near) this.#radius = near.radius_km;
    this.#showFields();
    this.map.show(places, near);
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.place : null;
    this.list.replaceChildren(
      ...gathered(places, Math.max(this.#radius, USUAL_KM))
        .slice(0, LISTED)
        .map((place) => this.#row(place)),
    );
    if (focused) this.list.querySelector(`[data-place="${focused}"]`)?.focus();
    this.none.hidden = places.length > 0;
  }

  #showFields() {
    const radii = [...new Set([...RADII_KM, this.#radius])].sort((one, other) => one - other);
    this.within.replaceChildren(
      ...radii.map((km) => make("option", { value: String(km) }, t("filters.within", { km }))),
    );
    this.within.value = String(this.#radius);
    this.typed.value = this.#near ? `${this.#near.latitude}, ${this.#near.longitude}` : "";
    this.typed.setAttribute("aria-invalid", "false");
  }

  #choose({ latitude, longitude }, radius = this.#radius) {
    this.#apply({ near: { latitude: round(latitude), longitude: round(longitude), radius_km: radius } });
  }

  #takeTyped() {
    const place = placeTyped(this.typed.value.trim());
    this.typed.setAttribute("aria-invalid", String(place === null && this.typed.value.trim() !== ""));
    if (place) this.#choose(place);
    else if (!this.typed.value.trim() && this.#near) this.#apply({ near: null });
  }

  #takeRadius() {
    this.#radius = Number(this.within.value);
    if (this.#near) this.#choose(this.#near);
  }

  #row(place) {
    const [latitude, longitude] = [round(place.latitude), round(place.longitude)];
    const on = this.#near !== null && this.#near.latitude === latitude && this.#near.longitude === longitude;
    const choose = () => {
      if (on) this.#apply({ near: null });
      else this.#choose(place, Math.max(this.#radius, reaching(place.radius_km)));
    };
    const key = `${latitude},${longitude}`;
    return make(
      "button",
      { class: "choice", type: "button", "aria-pressed": String(on), "data-place": key, onclick: choose },
      make("span", { class: "choice-text" }, placeText(place)),
      make("span", { class: "choice-count" }, number(place.count)),
    );
  }
}
