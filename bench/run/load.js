// @ts-check

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
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    requestsPerSecond: requests / seconds,
    cpuMicros: (user + system) / requests,
    sys: system / requests,
  };
}
