/**
 * Whether the long tests run in their long form, as `npm run test:full` has them; read here alone. Their short form has
 * the same cases, each with fewer seeds, calls or processes, and combinations in turn where the long one has them all.
 */
export const isFullRun: boolean = process.env["REISSUE_TEST_FULL"] === "1";

/** How many of something there are, in the short form and in the long one. */
export function times(short: number, long: number): number {
  return isFullRun ? long : short;
}
