import { channel, type Channel } from "node:diagnostics_channel";

import { systemClock, type Clock, type Timer } from "@reissue/core";
import { checkKeys, checkNumber, maxTimerMs } from "@reissue/core/internal";

import type { PostgresPool } from "./connection/pool.ts";
import { sweep } from "./statements/sweep.ts";

/** Options of a sweeper. */
export interface SweeperOptions {
  /**
   * Time from the end of one sweep to the next, in ms, plus up to a tenth at random, so that several processes do not
   * sweep in step.
   *
   * @defaultValue 60000
   */
  readonly intervalMs?: number | undefined;
  /** Time, timers and randomness, for tests. @defaultValue systemClock */
  readonly clock?: Clock | undefined;
}

/** A running sweeper. */
export interface Sweeper {
  /** Stops; resolves when the statement under way, if any, has ended, so that the pool may be closed. */
  stop(): Promise<void>;
}

/** Message on the channel `reissue:postgres-sweep`, one for each sweep. */
export interface SweepMessage {
  /** Schema and table, quoted. */
  readonly table: string;
  /** The number of deleted records; null with an error. */
  readonly deleted: number | null;
  /** The error of a failed sweep; the next sweep runs all the same. */
  readonly error?: unknown;
}

/** The diagnostics channel `reissue:postgres-sweep`, with a {@link SweepMessage} for each sweep. */
export const sweepChannel: Channel<unknown, SweepMessage> = channel(
  "reissue:postgres-sweep",
) as Channel<unknown, SweepMessage>;

/**
 * Starts a sweeper, which does not keep the process alive.
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function startSweeper(
  pool: PostgresPool,
  table: string,
  options: SweeperOptions = {},
): Sweeper {
  checkKeys(options, "sweeper", ["intervalMs", "clock"]);
  const intervalMs = checkNumber(options.intervalMs, "sweeper.intervalMs", 60_000, {
    min: 1,
    max: maxTimerMs / 2,
  });
  const clock = options.clock ?? systemClock;
  let isStopped = false;
  let running: Promise<void> = Promise.resolve();
  let timer: Timer = null;

  const schedule = (): void => {
    const delayMs = intervalMs * (1 + clock.random() / 10);
    timer = clock.setTimeout(() => (running = run()), delayMs, { background: true });
  };
  const run = async (): Promise<void> => {
    try {
      publish({ table, deleted: await sweep(pool, table, () => isStopped) });
    } catch (error) {
      publish({ table, deleted: null, error });
    }
    if (!isStopped) schedule();
  };

  schedule();
  return {
    stop() {
      isStopped = true;
      clock.clearTimeout(timer);
      return running;
    },
  };
}

function publish(message: SweepMessage): void {
  if (sweepChannel.hasSubscribers) sweepChannel.publish(message);
}
