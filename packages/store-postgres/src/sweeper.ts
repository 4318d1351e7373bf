import { channel, type Channel } from "node:diagnostics_channel";

import { systemClock, type Clock, type Timer } from "@reissue/core";
import { checkKeys, checkNumber, maxTimerMs } from "@reissue/core/internal";

import type { PostgresPool } from "./connection/pool.ts";
import { sweep } from "./statements/sweep.ts";

/** When records are swept. */
export interface SweeperOptions {
  /**
   * From the end of one sweep to the beginning of the next, in ms, and up to a tenth more by chance, so that several
   * processes do not go at once for ever.
   *
   * @defaultValue 60000
   */
  readonly intervalMs?: number | undefined;
  /** Time and chance. @defaultValue systemClock */
  readonly clock?: Clock | undefined;
}

/** A sweeper that was started. */
export interface Sweeper {
  /** Sweeps no more; resolves when the batch under way, if any, has ended, so that the pool may be closed. */
  stop(): Promise<void>;
}

/** What subscribers of `reissue:postgres-sweep` get, once a sweep. */
export interface SweepMessage {
  /** Schema and table, quoted. */
  readonly table: string;
  /** How many records were deleted; with an error, it is not known. */
  readonly deleted: number | null;
  /** Why it failed; undefined where it did not. The next sweep is tried all the same. */
  readonly error?: unknown;
}

/** Channel `reissue:postgres-sweep`, with a {@link SweepMessage} each. */
export const sweepChannel: Channel<unknown, SweepMessage> = channel(
  "reissue:postgres-sweep",
) as Channel<unknown, SweepMessage>;

/**
 * Sweeps now and then, without keeping the process alive for it.
 *
 * @throws OptionError on a wrong option.
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
    timer = clock.setTimeout(() => (running = turn()), delayMs, { background: true });
  };
  const turn = async (): Promise<void> => {
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
