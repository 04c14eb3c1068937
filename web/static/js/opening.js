/**
 * Opening pictures and coming back: every picture that is opened from the page is one step that Back undoes, turning
 * pages is none, and closing goes back to where the first was opened instead of piling up further steps.
 */

/** @returns {{open: (id) => void, turn: (id) => void, close: () => void}} */
export function createOpening(state) {
  const depth = () => history.state?.opened ?? 0; // how many steps back the page without a picture lies
  const remember = (opened) => history.replaceState({ ...history.state, opened }, "");

  return {
    open(id) {
      const opened = depth() + 1;
      state.set({ open: id });
      remember(opened);
    },
    /** Another picture in place of the open one. */
    turn(id) {
      const opened = depth();
      state.set({ open: id }, { replace: true });
      remember(opened);
    },
    close() {
      if (depth()) history.go(-depth());
      else state.set({ open: null }, { replace: true }); // the address was opened with the picture
    },
  };
}
