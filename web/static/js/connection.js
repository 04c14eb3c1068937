/** Whether the server answers: when it does not, it is asked again, seldomer and seldomer, until it does. */

const FIRST_MS = 500;
const LONGEST_MS = 8000;

/** @returns {{gone: boolean, retry: function}}; `app.server` says 'gone' and 'back'. */
export function createConnection({ api, server }) {
  const connection = { gone: false, retry };
  let waits = FIRST_MS;
  let timer = 0;

  function retry() {
    clearTimeout(timer);
    api.health().catch(() => {}); // that nothing answered is told as 'gone', and leads here again
  }

  server.addEventListener("gone", () => {
    connection.gone = true;
    clearTimeout(timer);
    timer = setTimeout(retry, waits);
    waits = Math.min(waits * 2, LONGEST_MS);
  });
  server.addEventListener("back", () => {
    connection.gone = false;
    waits = FIRST_MS;
  });
  addEventListener("online", () => connection.gone && retry());
  document.addEventListener("visibilitychange", () => !document.hidden && connection.gone && retry());
  return connection;
}
