// @ts-check

/**
 * A figure in running text, and the comment right after it that says where it comes from: `12<!-- file#path -->`, or
 * `12<!-- file#path, as less -->`.
 */
const marked = /(-?\d[\d.,]*)(<!-- ([\w-]+)#(.+?)(?:, as (\w+))? -->)/g;

/**
 * What the text makes of the figure in the file. The text also chooses the decimals.
 *
 * @type {Record<string, (value: number) => number>}
 */
const readings = {
  is: (value) => value,
  percent: (value) => value * 100,
  more: (value) => (value - 1) * 100,
  less: (value) => (1 - value) * 100,
};

/**
 * Writes each marked figure of a page anew, from the file that its comment names.
 *
 * @param {string} page
 * @param {(name: string) => unknown} readResult
 */
export function withFigures(page, readResult) {
  return page.replaceAll(marked, (_, written, comment, name, path, reading = "is") => {
    const value = figureAt(readResult(name), path);
    const decimals = /\.(\d+)$/.exec(written)?.[1].length ?? 0;
    const options = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    return `${readings[reading](value).toLocaleString("en", options)}${comment}`;
  });
}

/**
 * Finds a figure: each step is the name of a field or, in a list of findings, their measure and contender as in
 * `requests a second, GET: upstream.request`.
 *
 * @param {unknown} result
 * @param {string} path - Steps, with slashes between.
 * @returns {number}
 */
function figureAt(result, path) {
  let at = /** @type {any} */ (result);
  for (const step of path.split("/")) {
    at = Array.isArray(at)
      ? at.find(({ measure, contender }) => `${measure}: ${contender}` === step)
      : at?.[step];
  }
  if (typeof at !== "number") throw new Error(`no figure at ${path}`);
  return at;
}
