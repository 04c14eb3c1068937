/** What the library is doing: the page learns of pictures that are being indexed, by whomever, and shows them. */

const BUSY_MS = 3000;
const QUIET_MS = 15000; // somebody may start `search index` in a terminal

/** Asks for the status now and then (`app.status`, told by 'status' of app.server), and anew for what is shown when there is more. */
export function watchIndexing(app) {
  let known = null;
  let timer = 0;

  async function look() {
    clearTimeout(timer);
    if (!document.hidden && !app.connection.gone && app.session) await learn();
    timer = setTimeout(look, app.status?.indexing ? BUSY_MS : QUIET_MS);
  }

  async function learn() {
    const status = await app.api.status().catch(() => null); // the next look tells; a gone server has its banner
    if (!status) return;
    app.status = status;
    app.server.dispatchEvent(new Event("status"));
    const now = JSON.stringify(status.counts);
    const grew = known !== null && now !== known;
    known = now;
    if (grew && isCalm(app)) await app.results.refresh({ quiet: true });
  }

  app.lookForNew = look;
  document.addEventListener("visibilitychange", () => !document.hidden && look());
  const end = app.results.subscribe(({ phase }) => {
    if (phase === "asking" || !app.session) return;
    end();
    look();
  });
}

/** Whether a newer answer may take the place of what is shown: not under the hands of who scrolled into an older one. */
const isCalm = ({ results, grid }) => results.answer === null || grid.top <= 0;
