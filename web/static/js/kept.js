/** Small choices that this browser keeps for the page; one that keeps nothing forgets them when the page is left. */

const PREFIX = "search.";
const meanwhile = new Map();

/** What was kept under this name, else the other. */
export function kept(name, other) {
  try {
    return localStorage.getItem(PREFIX + name) ?? meanwhile.get(name) ?? other;
  } catch {
    return meanwhile.get(name) ?? other; // storage is forbidden: what was chosen since the page was opened
  }
}

export function keep(name, value) {
  meanwhile.set(name, value);
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    console.info(`this browser keeps nothing for pages; ${name} lasts until the page is left`);
  }
}
