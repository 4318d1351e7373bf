import { setTimeout as pause } from "node:timers/promises";

/** What came of an open loop. */
export interface OpenLoop {
  /** Calls that were started. */
  readonly offered: number;
  /** What those that failed failed with. */
  readonly failed: readonly unknown[];
  /** The most calls that were under way at one time. */
  readonly maxUnderWay: number;
}

const tickMs = 5;

/** Starts calls at a steady rate, whether or not those before have ended; resolves when all have. */
export async function openLoop(
  make: () => Promise<unknown>,
  { perSecond, forMs }: { readonly perSecond: number; readonly forMs: number },
): Promise<OpenLoop> {
  const startedAtMs = performance.now();
  const calls: Promise<void>[] = [];
  const failed: unknown[] = [];
  let underWay = 0;
  let maxUnderWay = 0;
  const start = async (): Promise<void> => {
    underWay += 1;
    maxUnderWay = Math.max(maxUnderWay, underWay);
    try {
      await make();
    } catch (error) {
      failed.push(error);
    }
    underWay -= 1;
  };
  for (;;) {
    const elapsedMs = Math.min(performance.now() - startedAtMs, forMs);
    while (calls.length < (elapsedMs / 1000) * perSecond) calls.push(start());
    if (elapsedMs === forMs) break;
    // real time: an open loop keeps its rate by the real clock
    await pause(tickMs);
  }
  await Promise.all(calls);
  return { offered: calls.length, failed, maxUnderWay };
}
