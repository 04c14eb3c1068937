/** While pictures are being indexed, by whomever: the page learns of new ones and shows them where all are browsed. */

const BUSY_MS = 3000;
const QUIET_MS = 30000; // somebody may start `search index` in a terminal

/** Looks how many pictures there are, and asks again for what is shown when there are more. */
export function watchIndexing(app) {
  let known = null;
  let timer = 0;

  async function look() {
    clearTimeout(timer);
    let busy = false;
    if (!document.hidden && !app.connection.gone && app.session) {
      const status = await app.api.status().catch(() => null); // the next look tells; a gone server has its banner
      busy = Boolean(status?.indexing);
      const now = status && JSON.stringify(status.counts);
      if (known !== null && now !== null && now !== known && isCalm(app)) await app.results.refresh({ quiet: true });
      known = now ?? known;
      app.indexing = busy;
    }
    timer = setTimeout(look, busy ? BUSY_MS : QUIET_MS);
  }

  app.lookForNew = look;
  document.addEventListener("visibilitychange", () => !document.hidden && look());
  app.results.subscribe(function once() {
    if (app.session && known === null && !timer) timer = setTimeout(look, 1000);
  });
}

/** Whether a newer answer may take the place of what is shown: not under the hands of who scrolled into an older one. */
const isCalm = ({ results, grid }) => results.answer === null || grid.top <= 0;
