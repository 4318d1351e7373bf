import type { Readable, Writable } from "node:stream";

/** A stream that is written to: a terminal, a pipe or a file. */
export type Output = Writable & {
  /** Whether it is a terminal; undefined for a pipe or a file. */
  readonly isTTY?: boolean;
  /** Width of a terminal, in characters. */
  readonly columns?: number;
  /** Whether a terminal shows colours, by `NO_COLOR` and the like; see node:tty. */
  hasColors?(environment: object): boolean;
};

/** What a run reads, writes and obeys; a process has its own, and tests replace it. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** Results. */
  readonly stdout: Output;
  /** Progress, hints and errors. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the run early; its reason is the exit code, 130 for Ctrl-C. */
  readonly signal: AbortSignal;
}
