import { connect, type ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";

import type { Connections } from "./connection/connections.ts";
import type { Target } from "./connection/target.ts";

/** What a server does with HTTP/2. */
export type Http2Facts =
  | { readonly offered: false }
  | {
      readonly offered: true;
      readonly status: number;
      /** First GOAWAY on an idle session, with its error code; null for none while it was watched. */
      readonly goaway: { readonly code: number; readonly idleMs: number } | null;
      /** Idle time after which the connection was closed; null while it was open. */
      readonly closedAtMs: number | null;
      /** How long the idle session was watched, in ms. */
      readonly watchedMs: number;
    };

/**
 * Looks whether a server chooses HTTP/2 by ALPN, and how it ends an idle session.
 *
 * @param until - Resolves when the session is no longer to be watched.
 */
export async function probeHttp2(
  connections: Connections,
  until: Promise<unknown>,
): Promise<Http2Facts> {
  const socket = await connections.openSocket(["h2", "http/1.1"]);
  const { target } = connections;
  if (Reflect.get(socket, "alpnProtocol") !== "h2") {
    socket.destroy();
    return { offered: false };
  }
  const session = connect(target.url, { createConnection: () => socket });
  // What a session fails with is seen as its close.
  session.on("error", () => {});
  try {
    const status = await sendOn(session, target);
    return { offered: true, status, ...(await watch(session, socket, target, until)) };
  } finally {
    session.destroy();
  }
}

/** Sends a request; 0 where the session ends before its response. */
function sendOn(
  session: ClientHttp2Session,
  { url, method, path, clock, timeoutMs }: Target,
): Promise<number> {
  return new Promise((resolve) => {
    const stream = session.request({ ":method": method, ":path": path, ":authority": url.host });
    const timer = clock.setTimeout(() => stream.close(), timeoutMs);
    let status = 0;
    stream.on("response", (headers) => (status = headers[":status"] ?? 0));
    stream.on("error", () => {});
    stream.on("close", () => {
      clock.clearTimeout(timer);
      resolve(status);
    });
    stream.resume().end();
  });
}

async function watch(
  session: ClientHttp2Session,
  socket: Socket,
  { clock }: Target,
  until: Promise<unknown>,
) {
  const startedMs = clock.now();
  const idleMs = (): number => clock.now() - startedMs;
  let goaway: { code: number; idleMs: number } | null = null;
  let closedAtMs: number | null = null;
  session.on("goaway", (code) => (goaway ??= { code, idleMs: idleMs() }));
  const closed = new Promise<void>((resolve) => {
    const onClose = (): void => {
      closedAtMs ??= idleMs();
      resolve();
    };
    if (socket.closed) onClose();
    else socket.once("close", onClose);
  });
  await Promise.race([closed, until]);
  return { goaway, closedAtMs, watchedMs: idleMs() };
}
