/** Which of the page's views is shown: the pictures, or what the library has more than once. */

/** The ids of the elements of each view. */
const VIEWS = { "": ["title", "states", "grid"], duplicates: ["duplicates"] };

/** Shows the view of the state and hides the others; before anything is drawn into it. */
export function mount(_, { state }) {
  function show({ view }) {
    document.documentElement.dataset.view = view || "pictures";
    for (const [name, ids] of Object.entries(VIEWS)) {
      for (const id of ids) document.getElementById(id).hidden = name !== view;
    }
  }
  state.subscribe((now, before) => now.view !== before.view && show(now));
  show(state.get());
}
