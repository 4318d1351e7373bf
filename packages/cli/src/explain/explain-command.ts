import { readFileSync, statSync } from "node:fs";

import { parseArguments, wrongArgument } from "../arguments/parse-arguments.ts";
import type { Command } from "../command.ts";
import { exitCodes, type ExitCode } from "../exit-code.ts";
import { styleOf } from "../terminal/style.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { textWidth } from "../terminal/text-table.ts";
import { explanationOf } from "./explanation.ts";
import { explanationText } from "./explanation-text.ts";
import { subjectsOf } from "./subjects.ts";

/** Most of a file or of stdin that is read, in bytes. */
const maxBytes = 1 << 20;

const help = `Usage: reissue explain [--json] <file | code | "message" | ->

Says what an error means: what is known of the request's fate, which requests
may be sent again, and what a load balancer does.

  reissue explain error.json                   an error, or log records, as JSON
  reissue explain ECONNRESET                   a code
  reissue explain "socket hang up"             an error's words
  reissue explain ERR_REISSUE_UPSTREAM_STALE   a code of Reissue's own
  reissue explain "upstream prematurely closed connection"     nginx
  reissue explain SH--                         a termination state of HAProxy
  reissue explain UC                           a response flag of Envoy
  reissue explain 503                          a status
  kubectl logs orders | reissue explain -      stdin

JSON may be of pino, winston, bunyan, ECS, OpenTelemetry, Sentry or Lambda, or
JSON.stringify's; text what console.error prints. Nothing is sent anywhere.

Options
  --json       prints the explanations as a JSON array
Exit codes: 0 explained, 1 not recognised, 2 wrong arguments
`;

/** `reissue explain`. */
export const explain: Command = {
  name: "explain",
  summary: "what an error means, and whether the request may be sent again",
  help,
  async run(args, terminal) {
    const { values, positionals } = parseArguments("explain", args, { json: { type: "boolean" } });
    const text = await inputOf(positionals, terminal);
    const explanations = subjectsOf(text).map(explanationOf);
    print(explanations, values.json === true, terminal);
    return explanations.length > 0 ? exitCodes.ok : exitCodes.found;
  },
};

function print(
  explanations: readonly ReturnType<typeof explanationOf>[],
  asJson: boolean,
  { stdout, stderr, env }: Terminal,
): ExitCode | void {
  if (asJson) {
    stdout.write(`${JSON.stringify(explanations, null, 2)}\n`);
  } else {
    const style = styleOf(stdout, env);
    const width = textWidth(stdout.columns);
    stdout.write(explanations.map((each) => explanationText(each, style, width)).join("\n"));
  }
  if (explanations.length === 0) {
    stderr.write(
      "Nothing that Reissue knows: no failure of a connection, or words that it has not seen.\n" +
        "Log the whole error, with its code and its causes, as console.error does, and explain that.\n",
    );
  }
}

async function inputOf(positionals: readonly string[], terminal: Terminal): Promise<string> {
  const [first] = positionals;
  if (first === "-" || (first === undefined && terminal.stdin.isTTY !== true)) {
    return readAll(terminal);
  }
  if (first === undefined) {
    throw wrongArgument(
      "explain",
      "What is to be explained is missing: a file, a code, or a text.",
    );
  }
  if (positionals.length === 1 && isFile(first)) {
    return readFileSync(first, "utf8").slice(0, maxBytes);
  }
  if (positionals.length === 1 && /^[\w./\\-]+\.(json|ndjson|log|txt)$/.test(first)) {
    throw wrongArgument("explain", `There is no file ${first}.`);
  }
  return positionals.join(" ");
}

function isFile(path: string): boolean {
  return path.length < 4096 && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

async function readAll({ stdin, signal }: Terminal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = (): void => void stdin.destroy(new Error("interrupted"));
  signal.addEventListener("abort", stop, { once: true });
  for await (const chunk of stdin) {
    const buffer = Buffer.from(chunk as Buffer | string);
    chunks.push(buffer);
    bytes += buffer.length;
    if (bytes >= maxBytes) break;
  }
  return Buffer.concat(chunks).toString("utf8").slice(0, maxBytes);
}
