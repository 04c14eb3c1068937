/** Light, dark, or as the system has it. What was chosen is kept in this browser; theme.js reads it before anything is drawn. */

const root = document.documentElement;

/** 'system', 'light' or 'dark'. */
export const theme = () => root.dataset.theme ?? "system";

/** Shows the page so, and the next time too. */
export function setTheme(name) {
  if (name === "system") delete root.dataset.theme;
  else root.dataset.theme = name;
  try {
    localStorage.setItem("theme", name);
  } catch {
    console.error("this browser keeps nothing for pages; the theme lasts until the page is loaded again");
  }
}
