/** Whether a key is for the page: nobody types, nothing is open above it, and no command of the browser is meant. */
export function isFree(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false;
  return !event.target.closest?.("input, textarea, select, [contenteditable], dialog[open], [popover]");
}
