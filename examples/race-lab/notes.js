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
