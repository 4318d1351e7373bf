import { OptionError } from "@reissue/core";
import { describe } from "@reissue/core/internal";

/** NAMEDATALEN − 1: PostgreSQL would cut a longer name without an error, and two names could become one. */
const maxNameBytes = 63;

/**
 * Quotes a name for SQL.
 *
 * @param path - The path of the option, such as `table`.
 * @throws {@link OptionError} for a string that cannot be a name in PostgreSQL.
 */
export function identifier(name: unknown, path: string): string {
  if (typeof name !== "string" || name === "") {
    throw new OptionError(path, `must be a name, got ${describe(name)}`);
  }
  if (name.includes("\0") || Buffer.from(name).toString() !== name) {
    throw new OptionError(path, "must have neither NUL characters nor lone surrogates");
  }
  const bytes = Buffer.byteLength(name);
  if (bytes > maxNameBytes) {
    throw new OptionError(path, `must have ${maxNameBytes} bytes at most, got ${bytes}`);
  }
  return `"${name.replaceAll('"', '""')}"`;
}
