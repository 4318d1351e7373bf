/**
 * Random idempotency keys of one call, which a redirect or a 421 may send more than once: one for each origin, as
 * derived keys include the origin too (docs/decisions/0011).
 */
export class RandomKeys {
  #keys: Map<string, string> | null = null;

  /** Returns the call's key for an origin, without quotes; created on first use. */
  for(origin: string): string {
    this.#keys ??= new Map();
    let key = this.#keys.get(origin);
    if (key === undefined) this.#keys.set(origin, (key = crypto.randomUUID()));
    return key;
  }
}
