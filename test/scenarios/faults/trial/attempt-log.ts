import { attemptChannel, type AttemptMessage, type AttemptRecord } from "@reissue/core";

/** Every attempt that the clients in this process made against one origin, as diagnostics tell it. */
export class AttemptLog {
  readonly #origin: string;
  readonly #byCall = new Map<string, AttemptRecord[]>();
  /** Attempts that ended. */
  count = 0;
  readonly #subscriber = { asyncEnd: (message: unknown) => this.#take(message as AttemptMessage) };

  constructor(origin: string) {
    this.#origin = origin;
    attemptChannel.subscribe(this.#subscriber as never);
  }

  /** The attempts of one call, in order. */
  of(id: string): readonly AttemptRecord[] {
    return this.#byCall.get(id) ?? [];
  }

  all(): AttemptRecord[] {
    return [...this.#byCall.values()].flat();
  }

  stop(): void {
    attemptChannel.unsubscribe(this.#subscriber as never);
  }

  #take({ origin, path, record }: AttemptMessage): void {
    if (origin !== this.#origin || record === undefined) return;
    this.count += 1;
    const id = path.slice(path.lastIndexOf("/") + 1);
    const known = this.#byCall.get(id);
    if (known === undefined) this.#byCall.set(id, [record]);
    else known.push(record);
  }
}
