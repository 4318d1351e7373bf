import { readFileSync } from "node:fs";

import { closestName } from "@reissue/core/internal";

import type { Command } from "./command.ts";
import { config } from "./config/config-command.ts";
import { doctor } from "./doctor/doctor-command.ts";
import { CommandError, exitCodes } from "./exit-code.ts";
import { explain } from "./explain/explain-command.ts";
import { overview } from "./help.ts";
import { lab } from "./lab/lab-command.ts";
import { probe } from "./probe/probe-command.ts";
import { styleOf } from "./terminal/style.ts";
import type { Terminal } from "./terminal/terminal.ts";

const commands: readonly Command[] = [probe, doctor, config, explain, lab];

/**
 * Runs the command line.
 *
 * @param args - The arguments, without those of node and the script.
 * @returns the exit code; never rejects.
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name = "--help", ...rest] = args;
  try {
    if (name === "--version" || name === "-v") {
      terminal.stdout.write(`${version()}\n`);
      return exitCodes.ok;
    }
    const [topic] = rest;
    if (name === "help" && topic !== undefined) {
      terminal.stdout.write(commandNamed(topic).help);
      return exitCodes.ok;
    }
    if (name === "--help" || name === "-h" || name === "help") {
      terminal.stdout.write(overview(commands));
      return args.length === 0 ? exitCodes.usage : exitCodes.ok;
    }
    const command = commandNamed(name);
    const own = rest.slice(0, indexOrEnd(rest, "--"));
    if (own.includes("--help") || own.includes("-h")) {
      terminal.stdout.write(command.help);
      return exitCodes.ok;
    }
    return await command.run(rest, terminal);
  } catch (error) {
    return tell(error, rest, terminal);
  }
}

function commandNamed(name: string): Command {
  const found = commands.find((command) => command.name === name);
  if (found !== undefined) return found;
  const names = commands.map((command) => command.name);
  const closest = closestName(name, names);
  const hint = closest === null ? `One of ${names.join(", ")}.` : `Did you mean ${closest}?`;
  throw new CommandError(exitCodes.usage, `There is no command "${name}".`, hint);
}

/** Prints an error, and returns the exit code that it stands for. */
function tell(error: unknown, args: readonly string[], terminal: Terminal): number {
  const { stdout, stderr, env, signal } = terminal;
  if (signal.aborted) {
    return typeof signal.reason === "number" ? signal.reason : exitCodes.interrupted;
  }
  const style = styleOf(stderr, env);
  const isOwn = error instanceof CommandError;
  const exitCode = isOwn ? error.exitCode : exitCodes.defect;
  const message = isOwn ? error.message : `This is a defect of reissue: ${stackOf(error)}`;
  const asJson = args.slice(0, indexOrEnd(args, "--")).includes("--json");
  if (asJson) stdout.write(`${JSON.stringify({ error: { message, exitCode } })}\n`);
  stderr.write(`${style.bad("reissue:")} ${message}\n`);
  if (isOwn && error.hint !== "") stderr.write(`${error.hint}\n`);
  return exitCode;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? String(error.stack) : String(error);
}

function indexOrEnd(args: readonly string[], arg: string): number {
  const index = args.indexOf(arg);
  return index === -1 ? args.length : index;
}

function version(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
