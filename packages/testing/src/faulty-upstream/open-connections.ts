import type { Connection } from "./http/connection.ts";

/** Connections of an upstream that are open, and the number of those that have been. */
export class OpenConnections {
  /** Connections accepted so far. */
  accepted = 0;
  readonly #all = new Set<Connection>();
  #drained: (() => void) | null = null;

  get all(): ReadonlySet<Connection> {
    return this.#all;
  }

  add(connection: Connection): void {
    this.#all.add(connection);
  }

  delete(connection: Connection): void {
    this.#all.delete(connection);
    if (this.#all.size === 0) this.#drained?.();
  }

  /** Destroys all of them; resolves once they have closed. */
  async destroy(): Promise<void> {
    for (const connection of this.#all) connection.destroy();
    if (this.#all.size > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
  }
}
