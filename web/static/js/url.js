/**
 * The state as the address's fragment, and back. A fragment is sent to no server: what is looked for stays here.
 * One row for each key; what stands for "not set" is left out of the address.
 */

const text = { empty: "", read: ([value]) => value, write: (value) => [value] };
const texts = { empty: [], read: (values) => values, write: (values) => values };
const number = { empty: null, read: ([value]) => finite(value), write: (value) => [String(value)] };
const ids = {
  empty: [],
  read: (values) => values.map(whole).filter((id) => id !== null),
  write: (values) => values.map(String),
};
const id = { empty: null, read: ([value]) => whole(value), write: (value) => [String(value)] };
const oneOf = (first, ...others) => ({
  empty: first,
  read: ([value]) => (others.includes(value) ? value : first),
  write: (value) => [value],
});
const place = {
  empty: null,
  read: ([value]) => placeOf(value),
  write: ({ latitude, longitude, radius_km: radius }) => [[latitude, longitude, radius].join(",")],
};

const KEYS = {
  q: text,
  not: texts,
  like: ids,
  unlike: ids,
  upload: text,
  weight: number,
  from: text,
  before: text,
  folder: texts,
  camera: text,
  near: place,
  orientation: text,
  format: texts,
  tag: texts,
  sort: text,
  group: text,
  mode: text,
  match: oneOf("", "likely"),
  order: oneOf("newest", "oldest"),
  view: oneOf("", "duplicates"),
  open: id,
};

function finite(value) {
  const read = Number(value);
  return value !== "" && Number.isFinite(read) ? read : null;
}

function whole(value) {
  const read = finite(value);
  return Number.isSafeInteger(read) && read >= 0 ? read : null;
}

function placeOf(value) {
  const [latitude, longitude, radius] = value.split(",").map(finite);
  if (latitude === null || longitude === null || !(radius > 0)) return null;
  return { latitude, longitude, radius_km: radius };
}

/** Nothing asked, nothing filtered, nothing open. */
export const NOTHING = Object.freeze(
  Object.fromEntries(Object.entries(KEYS).map(([key, kind]) => [key, Object.freeze(kind.empty)])),
);

/** The state that a fragment ("#q=dog&like=7") says; what cannot be read in it is as if it were not there. */
export function fromFragment(fragment) {
  const said = new URLSearchParams(fragment.replace(/^#/, ""));
  const read = Object.entries(KEYS).map(([key, kind]) => {
    const values = said.getAll(key);
    return [key, values.length ? Object.freeze(kind.read(values)) : kind.empty];
  });
  return Object.freeze(Object.fromEntries(read));
}

/** The fragment of a state; '' for NOTHING. */
export function toFragment(state) {
  const said = new URLSearchParams();
  for (const [key, kind] of Object.entries(KEYS)) {
    if (same(state[key], kind.empty)) continue;
    for (const value of kind.write(state[key])) said.append(key, value);
  }
  const written = said.toString();
  return written && `#${written}`;
}

/** Whether two values of a state say the same. */
export const same = (one, other) => one === other || JSON.stringify(one) === JSON.stringify(other);
