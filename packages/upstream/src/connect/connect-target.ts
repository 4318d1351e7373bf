import { OptionError } from "@reissue/core";
import { describe } from "@reissue/core/internal";

/** Address that the connections of an origin go to in place of the origin's own. */
export type ConnectTarget =
  | { readonly hostname: string; readonly port: string }
  | { readonly socketPath: string };

/** `host:port`, with the host of an IPv6 address in brackets. */
const hostAndPort = /^(?:\[([\da-f:.]+)\]|([^\s:/?#@[\]]+)):(\d{1,5})$/i;

/**
 * Reads the address that connections go to: `host:port`, or the absolute path of a Unix socket.
 *
 * @param path - Path of the option in error messages.
 * @throws {@link OptionError} for another value.
 */
export function connectTarget(value: unknown, path: string): ConnectTarget {
  if (typeof value === "string" && value.startsWith("/")) return { socketPath: value };
  const parts = typeof value === "string" ? hostAndPort.exec(value) : null;
  const [, address, name, port = ""] = parts ?? [];
  const hostname = address ?? name;
  if (hostname === undefined || Number(port) < 1 || Number(port) > 65_535) {
    const forms = 'must be "host:port", such as "127.0.0.1:3000", or the path of a Unix socket';
    throw new OptionError(path, `${forms}, got ${describe(value)}`);
  }
  return { hostname, port };
}
