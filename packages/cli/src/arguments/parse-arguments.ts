import { parseArgs, type ParseArgsConfig } from "node:util";

import { closestName } from "@reissue/core/internal";

import { CommandError, exitCodes } from "../exit-code.ts";

type OptionsConfig = NonNullable<ParseArgsConfig["options"]>;

/** What `parseArgs` makes of options of this form. */
type Parsed<Options extends OptionsConfig> = ReturnType<
  typeof parseArgs<{ readonly options: Options; readonly allowPositionals: true }>
>;

/**
 * Parses the arguments of a command.
 *
 * @throws CommandError with the exit code for wrong arguments.
 */
export function parseArguments<const Options extends OptionsConfig>(
  command: string,
  args: readonly string[],
  options: Options,
): Parsed<Options> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw wrongArgument(command, firstSentence(error), misspelt(args, Object.keys(options)));
  }
}

/** The error for arguments that a command cannot use. */
export function wrongArgument(command: string, problem: string, hint = ""): CommandError {
  const help = `reissue ${command} --help`;
  return new CommandError(
    exitCodes.usage,
    problem,
    hint === "" ? `See ${help}` : `${hint} See ${help}`,
  );
}

/**
 * Reads a duration such as `500ms`, `90s`, `2m` or `1.5`, which is in seconds.
 *
 * @returns milliseconds.
 * @throws CommandError for anything else, and for one that is longer than a day.
 */
export function durationArgument(command: string, name: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const ms = Number(match?.[1]) * units[(match?.[2] ?? "s") as keyof typeof units];
  if (match !== null && ms >= 1 && ms <= 86_400_000) return ms;
  throw wrongArgument(command, `${name} must be a duration such as 90s or 2m, got "${text}".`);
}

/**
 * Reads a count.
 *
 * @throws CommandError for anything but a whole number within the bounds.
 */
export function countArgument(
  command: string,
  name: string,
  text: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (count >= min && count <= max) return count;
  throw wrongArgument(
    command,
    `${name} must be a whole number from ${min} to ${max}, got "${text}".`,
  );
}

/** Node's message without its advice on positional arguments. */
function firstSentence(error: unknown): string {
  const { message } = error as Error;
  return `${message.split(". ")[0]?.replace(/\.$/, "")}.`;
}

function misspelt(args: readonly string[], names: readonly string[]): string {
  for (const arg of args) {
    const name = /^--([^=]+)/.exec(arg)?.[1];
    if (name === undefined || names.includes(name)) continue;
    const closest = closestName(name, names);
    if (closest !== null) return `Did you mean --${closest}?`;
  }
  return "";
}
