import { spawn, type ChildProcess } from "node:child_process";

import type { Clock } from "@reissue/core";

import { CommandError, exitCodes } from "../exit-code.ts";
import type { Output } from "../terminal/terminal.ts";

/** How a process ended. */
export interface Exit {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** When it ended, by the clock. */
  readonly atMs: number;
}

/** A command that starts a server, in a process group of its own, so that Ctrl-C does not reach it before its time. */
export class ServerCommand {
  /** Resolves when the process has ended. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #text: string;
  #exit: Exit | null = null;

  /**
   * Starts the command; what it prints goes to `output`.
   *
   * @param port - The value of its environment variable PORT.
   * @throws CommandError where there is no such program.
   */
  static async start(
    command: readonly string[],
    port: number,
    output: Output,
    clock: Clock,
  ): Promise<ServerCommand> {
    const [program = "", ...args] = command;
    const child = spawn(program, args, {
      detached: true,
      env: { ...process.env, PORT: String(port) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (error) => {
        reject(
          new CommandError(exitCodes.command, `${program} cannot be started: ${error.message}.`),
        );
      });
    });
    child.stdout.on("data", (data: Buffer) => output.write(data));
    child.stderr.on("data", (data: Buffer) => output.write(data));
    return new ServerCommand(child, command.join(" "), clock);
  }

  private constructor(child: ChildProcess, text: string, clock: Clock) {
    this.#child = child;
    this.#text = text;
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.#exit = { code, signal, atMs: clock.now() };
        resolve(this.#exit);
      });
    });
  }

  /** How it ended; null while it runs. */
  get exit(): Exit | null {
    return this.#exit;
  }

  /** Fails once the process has ended, which it must not before its time. */
  checkRunning(): void {
    if (this.#exit === null) return;
    const how = this.#exit.signal ?? `code ${this.#exit.code}`;
    throw new CommandError(exitCodes.command, `${this.#text} ended by itself, with ${how}.`);
  }

  /** Tells the process to end, as Kubernetes and systemd do. */
  terminate(): void {
    this.#child.kill("SIGTERM");
  }

  /** Kills it and what it has started. */
  kill(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // The group is gone, or this system has none.
      this.#child.kill("SIGKILL");
    }
  }
}
