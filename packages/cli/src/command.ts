import type { ExitCode } from "./exit-code.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** One of the commands of the command line. */
export interface Command {
  readonly name: string;
  /** Its line in the list of commands. */
  readonly summary: string;
  /** Its own help, which fits a screen of 80 by 24 characters. */
  readonly help: string;
  /**
   * Runs the command.
   *
   * @throws CommandError where it cannot; the abort reason of the terminal's signal where it was interrupted.
   */
  run(args: readonly string[], terminal: Terminal): Promise<ExitCode>;
}
