// @ts-check
import { PerformanceObserver } from "node:perf_hooks";

/**
 * Calls `call` so many times, so many at once, and measures this process.
 *
 * @param {() => Promise<unknown>} call
 * @param {{ requests: number, concurrency: number }} load
 */
export async function drive(call, { requests, concurrency }) {
  let left = requests;
  async function worker() {
    while (left > 0) {
      left -= 1;
      await call();
    }
  }
  let gcMs = 0;
  const collect = (/** @type {{ duration: number }[]} */ entries) => {
    for (const { duration } of entries) gcMs += duration;
  };
  const observer = new PerformanceObserver((list) => collect(list.getEntries()));
  observer.observe({ entryTypes: ["gc"] });
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  // What was collected last is told in the next turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve));
  collect(observer.takeRecords());
  observer.disconnect();
  return {
    requestsPerSecond: requests / seconds,
    cpuMicros: (user + system) / requests,
    gcMicros: (gcMs * 1000) / requests,
    sys: system / requests,
  };
}
