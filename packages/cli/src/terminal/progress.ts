import type { Clock, Timer } from "@reissue/core";

import type { Terminal } from "./terminal.ts";

/** How often a line that changes in place is written, in ms. */
const refreshMs = 250;

/** How often a line is written where each stays, in ms. */
const repeatMs = 15_000;

/**
 * Tells on stderr what a run is waiting for: on a terminal in one line that changes in place, otherwise in a line now and
 * then.
 */
export class Progress {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #inPlace: boolean;
  #timer: Timer | null = null;

  constructor(terminal: Terminal, clock: Clock) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#inPlace = terminal.stderr.isTTY === true;
  }

  /** Tells what is waited for from now on; `describe` is called again for each line. */
  show(describe: () => string): void {
    this.clear();
    this.#write(describe());
    const next = (): void => {
      const everyMs = this.#inPlace ? refreshMs : repeatMs;
      this.#timer = this.#clock.setTimeout(
        () => {
          this.#write(describe());
          next();
        },
        everyMs,
        { background: true },
      );
    };
    next();
  }

  /** Ends the line, and removes it from a terminal. */
  clear(): void {
    if (this.#timer === null) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#inPlace) this.#terminal.stderr.write("\r\u001b[K");
  }

  #write(line: string): void {
    const { stderr } = this.#terminal;
    if (!this.#inPlace) return void stderr.write(`${line}\n`);
    const width = (stderr.columns ?? 80) - 1;
    stderr.write(`\r\u001b[K${line.slice(0, width)}`);
  }
}
