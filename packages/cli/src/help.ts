import type { Command } from "./command.ts";

/** The help of the whole; fits a screen of 80 by 24 characters. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: reissue <command> [arguments]

${list.join("\n")}

  reissue <command> --help   what a command takes
  reissue --version

Results go to stdout, as JSON with --json; progress and errors to stderr.
Colours are for terminals only, and NO_COLOR switches them off.

Exit codes
  0  nothing to change          4  TLS failed
  1  something to change        5  the server does not respond in HTTP
  2  wrong arguments            6  the command given to doctor failed
  3  no connection            130  Ctrl-C
`;
}
