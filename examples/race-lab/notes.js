// @ts-check
/**
 * How to read the table.
 *
 * @param {import("./measure.js").Result[]} results
 * @param {Map<string, number>} effects - How often the upstream processed each request.
 */
export function notes(results, effects) {
  const orders = (/** @type {string} */ name) =>
    results
      .filter((result) => result.name === name)
      .flatMap(({ samples }) => samples.filter((sample) => sample.path === "/order"));
  const twice = orders("fetch, 4 tries").filter(({ id }) => (effects.get(id) ?? 0) > 1);
  const failed = orders("Reissue").filter(({ status }) => status >= 500);
  const done = failed.filter(({ id }) => effects.has(id));
  return `\
The upstream closes a connection that has been idle for 100 ms, and says nothing; real ones do so after 5 to 60 s.
A call that is written at that moment is lost, and a service with fetch or http.Agent answers 500. Three times, a
deploy refused connections for 50 ms; and one answer in 200 was lost after the work was done, which looks the same.
- Sending everything again hides the losses, and does plain POSTs twice: ${twice.length} here.
- Reissue sends again what may be sent again. Of its plain POSTs ${failed.length} failed, and ${done.length} of these had been done.`;
}

/**
 * How to read the table of services that were started without and with `--import @reissue/register`.
 *
 * @param {import("./measure.js").Result[]} results
 * @param {Map<string, number>} effects - How often the upstream processed each request.
 */
export function registerNotes(results, effects) {
  const failed = (/** @type {boolean} */ preloaded) =>
    results
      .filter(({ name }) => name.endsWith(" + register") === preloaded)
      .flatMap(({ samples }) => samples)
      .filter(({ status, path }) => status >= 500 && path !== "/order");
  const twice = [...effects.values()].filter((count) => count > 1).length;
  return `\
The services are the same; those with "+ register" were started with --import @reissue/register. The upstream closes a
connection that has been idle for 100 ms, and says nothing; three times, a deploy refused connections for 50 ms.
- Of the GETs and the POSTs with a key ${failed(false).length} failed without it, and ${failed(true).length} with it; ${twice} requests were done twice.
- A plain POST that dies may have been done: it is not sent again, and kept off connections that may be about to close.`;
}
