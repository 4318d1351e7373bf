/**
 * The random idempotency keys of one call, which a redirect or a 421 may send more than once: one for each origin, as
 * keys that are derived have the origin in them (docs/decisions/0011).
 */
export class RandomKeys {
  #keys: Map<string, string> | null = null;

  /** The call's key for an origin, without quotes; made when it is asked for first. */
  for(origin: string): string {
    this.#keys ??= new Map();
    let key = this.#keys.get(origin);
    if (key === undefined) this.#keys.set(origin, (key = crypto.randomUUID()));
    return key;
  }
}
