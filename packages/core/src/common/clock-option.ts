import { systemClock, type Clock } from "./clock.ts";
import type { OptionSpec } from "./option-table.ts";

/** The option `clock`, which means the same wherever it is taken. */
export const clockOption: OptionSpec<Clock> = {
  default: systemClock,
  check: (value) => value as Clock,
  doc: "time, timers and randomness, for tests: `manualClock()` of `@reissue/testing`",
  defaultDoc: "the system's",
};
