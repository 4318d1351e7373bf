const draining = new WeakSet<object>();

/** Marks a server as draining. */
export function markDraining(server: object): void {
  draining.add(server);
}

/**
 * Whether `drain` has been called for a server: a readiness probe should fail from then on, while requests are still
 * served.
 *
 * @example
 * ```js
 * app.get("/ready", (req, res) => res.sendStatus(isDraining(server) ? 503 : 200));
 * ```
 */
export function isDraining(server: object): boolean {
  return draining.has(server);
}
