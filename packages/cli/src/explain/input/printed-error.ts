import type { ErrorRecord } from "./error-record.ts";

/** `TypeError: fetch failed`, `Error [ERR_X]: …`, `[cause]: …`, `caused by: …` (pino), `Caused by: …` (bunyan, VError). */
const header =
  /^(?<indent>\s*)(?<tag>\[?cause\]?: |[Cc]aused by: |Uncaught (?:Exception )?)?\[?(?<name>[A-Z][\w$]*(?:Error|Exception)|Error|Cancel(?:ed)?)(?: \[(?<code>\w+)\])?(?:: (?<message>.*?))?(?:\s*\{)?$/;

/** `  code: 'ECONNRESET',`, `  errno: -104` and `  response: IncomingMessage {` of util.inspect. */
const property =
  /^(?<indent>\s*)(?<name>[a-z]\w*): (?:'(?<text>[^']*)'|(?<number>-?\d+)|(?:[\w$]+ )?(?<object>\{).*|\[[A-Z]\w*\]),?$/i;

const errorList = /^(?<indent>\s*)(?:\[errors\]|aggregateErrors|errors): \[/;

interface Printed {
  readonly indent: number;
  readonly isMember: boolean;
  readonly fields: Record<string, unknown>;
}

/**
 * Reads errors that were printed by `console.error`, an uncaught exception or a logger: class, message, code, and the
 * errors that each wraps.
 *
 * @returns null for text that has no error's first line.
 */
export function printedError(text: string): ErrorRecord | null {
  const errors: Printed[] = [];
  let members: { readonly indent: number; readonly of: Printed } | null = null;
  for (const line of text.split("\n")) {
    const list = errorList.exec(line)?.groups;
    const last = errors.at(-1);
    if (list !== undefined && last !== undefined) {
      members = { indent: list["indent"]?.length ?? 0, of: last };
      last.fields["errors"] = [];
      continue;
    }
    const start = header.exec(line)?.groups;
    if (start !== undefined) {
      const indent = start["indent"]?.length ?? 0;
      if (members !== null && indent <= members.indent) members = null;
      const isMember = members !== null && start["tag"] === undefined;
      const printed = { indent, isMember, fields: fieldsOf(start) };
      attach(printed, errors, members?.of);
      errors.push(printed);
      continue;
    }
    const field = property.exec(line)?.groups;
    if (field !== undefined) assign(errors, field);
  }
  return errors[0]?.fields ?? null;
}

function fieldsOf({ name, code, message }: Record<string, string | undefined>) {
  const fields: Record<string, unknown> = { name, message: message ?? "" };
  // A DOMException is printed with its name where other errors have their code.
  if (name === "DOMException" && code !== undefined) fields["name"] = code;
  else if (code !== undefined) fields["code"] = code;
  return fields;
}

/** Puts an error where the one that wraps it has it. */
function attach(printed: Printed, earlier: readonly Printed[], list: Printed | undefined): void {
  if (printed.isMember) {
    const members = list?.fields["errors"];
    if (Array.isArray(members)) members.push(printed.fields);
    return;
  }
  // The nearest error that is printed around this one; pino and bunyan do not indent.
  const outer = earlier.findLast(({ indent, isMember, fields }) => {
    return !isMember && indent <= printed.indent && fields["cause"] === undefined;
  });
  if (outer !== undefined) outer.fields["cause"] = printed.fields;
}

/** Gives a property to the error in whose braces it is printed. */
function assign(
  errors: readonly Printed[],
  { indent = "", name = "", text, number }: Record<string, string | undefined>,
): void {
  const owner = errors.findLast((error) => error.indent + 2 === indent.length);
  if (owner === undefined) return;
  owner.fields[name] ??= text ?? (number === undefined ? {} : Number(number));
}
