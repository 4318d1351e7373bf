/**
 * Exports for the examples of this repository only: outside semantic versioning, and changed without notice.
 *
 * @internal
 */
export { racingPauseMs } from "./contender/racing-pause.ts";
export { percentile } from "./measure/percentile.ts";
