import { clearTimeout, setTimeout } from "node:timers";

import { numberOption, wordOption } from "../option.ts";
import type { Closing } from "./faults/fault.ts";
import type { Connection } from "./http/connection.ts";
import type { Listener } from "./http/listener.ts";
import type { FaultyUpstream } from "./upstream-api.ts";

/** The switches of a faulty upstream: kills connections, refuses new ones, restarts. */
export class Controls implements Pick<
  FaultyUpstream,
  "killIdle" | "killAll" | "restart" | "refuse" | "accept"
> {
  readonly #listener: Listener;
  readonly #connections: ReadonlySet<Connection>;
  #restarting: Promise<void> | null = null;
  /** Ends the pause of a restart. */
  #wake: (() => void) | null = null;
  #isClosed = false;

  /** @param connections - The open connections, as they come and go. */
  constructor(listener: Listener, connections: ReadonlySet<Connection>) {
    this.#listener = listener;
    this.#connections = connections;
  }

  /** Whether the upstream has been closed: connections that still arrive are destroyed. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  killIdle(options: Parameters<FaultyUpstream["killIdle"]>[0] = {}): number {
    return this.#kill(
      options.with,
      (connection) => connection.idle && (connection.requests > 0 || options.unused === true),
    );
  }

  killAll(options: Parameters<FaultyUpstream["killAll"]>[0] = {}): number {
    return this.#kill(options.with, () => true);
  }

  restart(options: Parameters<FaultyUpstream["restart"]>[0] = {}): Promise<void> {
    const limits = { fallback: 100, min: 0, max: 3_600_000, fraction: true };
    const downMs = numberOption("options.downMs", options.downMs, limits);
    this.#restarting ??= this.#restart(downMs, options.with).finally(() => {
      this.#restarting = null;
    });
    return this.#restarting;
  }

  refuse(): Promise<void> {
    return this.#listener.stop();
  }

  async accept(): Promise<void> {
    if (!this.#isClosed) await this.#listener.open();
  }

  /** Stops listening for good; ends a restart that is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake?.();
    await this.#restarting?.catch(() => {});
    await this.#listener.stop();
  }

  #kill(closing: Closing | undefined, matches: (connection: Connection) => boolean): number {
    const how = wordOption("options.with", closing, ["rst", "fin"], "rst");
    let killed = 0;
    for (const connection of this.#connections) {
      if (!matches(connection)) continue;
      connection.shut(how, true);
      killed += 1;
    }
    return killed;
  }

  async #restart(downMs: number, closing: Closing | undefined): Promise<void> {
    await this.#listener.stop();
    this.killAll({ with: closing });
    if (this.#isClosed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, downMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
    await this.accept();
  }
}
