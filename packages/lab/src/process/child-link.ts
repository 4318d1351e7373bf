import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { clearTimeout, setTimeout } from "node:timers";

/** Longest time that a process may take to end, in ms, before it is killed. */
const maxExitMs = 2_000;

/** Process of the laboratory, and the messages to and from it. */
export class ChildLink<Sent extends object, Received> {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #isEnding = false;

  /**
   * @param entry - File that the process runs.
   * @param onExit - Told if the process ends although it was not asked to.
   */
  constructor(
    entry: URL,
    args: readonly string[],
    onMessage: (message: Received) => void,
    onExit: (reason: string) => void,
  ) {
    const child = fork(entry, args, {
      // Without the parent's flags, such as an inspector's port or a profiler.
      execArgv: [],
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#child = child;
    this.#exited = once(child, "exit");
    child.on("message", (message) => onMessage(message as Received));
    child.on("error", (error) => this.#isEnding || onExit(error.message));
    child.on("exit", (code, signal) => this.#isEnding || onExit(`exited with ${code ?? signal}`));
  }

  send(message: Sent): void {
    // A process that has ended is told of by its exit.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  /** Ends the process, by force after 2 s; resolves when it is gone. */
  async end(): Promise<void> {
    this.#isEnding = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const force = setTimeout(() => this.#child.kill("SIGKILL"), maxExitMs);
    if (this.#child.connected) this.#child.disconnect();
    await this.#exited;
    clearTimeout(force);
  }
}
