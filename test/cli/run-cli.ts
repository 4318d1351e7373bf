import { Readable, Writable } from "node:stream";

import { run, type Output } from "reissue";

/** A run of the command line in this process. */
export interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What surrounds a run. */
export interface Surroundings {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether its outputs are terminals that show colours. */
  readonly isTerminal?: boolean;
  readonly signal?: AbortSignal;
}

/** Runs the command line with these arguments. */
export async function cli(args: readonly string[], surroundings: Surroundings = {}): Promise<Run> {
  const { stdin = "", env = {}, isTerminal = false, signal } = surroundings;
  const [stdout, stderr] = [new Capture(isTerminal, env), new Capture(isTerminal, env)];
  const input = Object.assign(Readable.from([stdin]), { isTTY: stdin === "" });
  const exitCode = await run(args, {
    stdin: input,
    stdout,
    stderr,
    env,
    signal: signal ?? new AbortController().signal,
  });
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

/** The result of a run with `--json`. */
export async function json(
  args: readonly string[],
  surroundings?: Surroundings,
): Promise<{ readonly exitCode: number; readonly result: any; readonly stderr: string }> {
  const { exitCode, stdout, stderr } = await cli([...args, "--json"], surroundings);
  return { exitCode, result: JSON.parse(stdout), stderr };
}

/** An output that keeps what is written. */
class Capture extends Writable implements Output {
  text = "";
  readonly isTTY: boolean;
  readonly columns = 80;
  readonly #env: Readonly<Record<string, string>>;

  constructor(isTerminal: boolean, env: Readonly<Record<string, string>>) {
    super();
    this.isTTY = isTerminal;
    this.#env = env;
  }

  hasColors(): boolean {
    return this.isTTY && !("NO_COLOR" in this.#env);
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString("utf8");
    done();
  }
}
