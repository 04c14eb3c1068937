/* Before anything is drawn, and so no module: the light or dark that was chosen here last; else the system's. */
(() => {
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // a browser that keeps nothing for pages: the system's theme
  }
})();
