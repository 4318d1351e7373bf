import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { clearTimeout, setTimeout } from "node:timers";

import type { ChildCall, ChildReply } from "./child-call.ts";

const maxExitMs = 2_000;

/** The parent's end of the channel to an upstream in a process of its own. */
export class Remote {
  readonly #child: ChildProcess;
  readonly #calls = new Map<
    number,
    { resolve: (value: never) => void; reject: (error: unknown) => void }
  >();
  #number = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (message) => this.#onReply(message as ChildReply));
    child.on("error", (error) => this.#fail(error));
    child.on("exit", (code, signal) =>
      this.#fail(new Error(`the upstream's process exited: ${code ?? signal}`)),
    );
  }

  /** Calls a method in the child; rejects with its error, or when the process ends first. */
  call<Value = void>(method: ChildCall["method"], argument?: unknown): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      this.#number += 1;
      const call = this.#number;
      this.#calls.set(call, { resolve, reject });
      const message: ChildCall = { call, method, argument };
      if (!this.#child.connected) return this.#fail(new Error("the upstream's process has ended"));
      this.#child.send(message, (error) => (error === null ? undefined : this.#fail(error)));
    });
  }

  /** Ends the process. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    const force = setTimeout(() => this.#child.kill("SIGKILL"), maxExitMs);
    this.call("close")
      .catch(() => {})
      .finally(() => this.#child.connected && this.#child.disconnect());
    await exited;
    clearTimeout(force);
  }

  #onReply({ call, value, error }: ChildReply): void {
    const waiting = this.#calls.get(call);
    this.#calls.delete(call);
    if (error === undefined) waiting?.resolve(value as never);
    else waiting?.reject(error);
  }

  #fail(error: unknown): void {
    for (const waiting of this.#calls.values()) waiting.reject(error);
    this.#calls.clear();
  }
}
