import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import { onTestFinished } from "vitest";

/** How a service ends on SIGTERM. */
export type Ending = "drain" | "close" | "exit";

/** A service in a process of its own, which ends with the test at the latest. */
export class ServiceProcess {
  readonly #child: ChildProcess;
  readonly #ready: Promise<unknown>;

  /** Starts the process, which loads everything and does not listen yet. */
  constructor(ending: Ending) {
    this.#child = fork(join(import.meta.dirname, "service.js"), [ending, "200", "600"]);
    this.#ready = once(this.#child, "message");
    onTestFinished(() => void this.#child.kill("SIGKILL"));
  }

  /** Resolves once it listens on this port. */
  async listen(port: number): Promise<void> {
    await this.#ready;
    const listening = once(this.#child, "message");
    this.#child.send(port);
    await listening;
  }

  /** Sends SIGTERM, and resolves once the process has ended. */
  async end(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
  }
}
