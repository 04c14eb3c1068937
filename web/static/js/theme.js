/* Before anything is drawn, and so no module: the light or dark that was chosen here last; else the system's. */
(() => {
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
