import type { ConnectionOptions } from "node:tls";

import type { buildConnector } from "undici";

import { undici } from "../undici.ts";
import type { ConnectTarget } from "./connect-target.ts";

/** How the connections of an origin are established. */
export interface ConnectConfig {
  /** Options of undici's connector. */
  readonly connector: buildConnector.BuildOptions;
  /** Address in place of the origin's own. */
  readonly connectTo: ConnectTarget | undefined;
}

/**
 * Builds undici's connector of an origin, which connects to `connectTo` where the origin has one.
 *
 * @param origin - URL origin, such as `https://orders:3000`.
 */
export function connectorOf(
  origin: string,
  { connector: options, connectTo }: ConnectConfig,
): buildConnector.connector {
  const { buildConnector } = undici();
  if (connectTo === undefined) return buildConnector(options);
  if ("socketPath" in connectTo) {
    return buildConnector({ ...options, socketPath: connectTo.socketPath });
  }
  const { hostname, port } = connectTo;
  const own = new URL(origin).hostname.replace(/^\[|\]$/g, "");
  const tls = process.getBuiltinModule("node:tls");
  const { checkServerIdentity = tls.checkServerIdentity } = options as ConnectionOptions;
  const connector = buildConnector({
    ...options,
    // Without a server name, as of an address, the certificate would have to be the one of the host connected to.
    checkServerIdentity: (name, certificate) =>
      checkServerIdentity(name === hostname ? own : name, certificate),
  });
  return (request, callback) => connector({ ...request, hostname, port }, callback);
}
