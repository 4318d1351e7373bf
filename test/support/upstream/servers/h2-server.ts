import {
  createSecureServer,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";

import { onTestFinished } from "vitest";

/** An HTTP/2 server over TLS, and what it has seen. */
export interface H2Server {
  readonly origin: string;
  /** Sessions in the order in which they were accepted. */
  readonly sessions: readonly ServerHttp2Session[];
  /** The TCP connections below, in the order in which they were accepted. */
  readonly sockets: readonly Socket[];
  /** Sessions open now. */
  readonly open: ReadonlySet<ServerHttp2Session>;
  /** Methods of all streams, in the order in which their heads arrived. */
  readonly heads: readonly string[];
}

/** What becomes of a stream; `number` is 1 for the first of all. */
export type OnStream = (stream: ServerHttp2Stream, number: number) => void;

/** Answers with 200 and `ok`, declared as such. */
export function ok(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 200, "content-length": "2" });
  stream.end("ok");
}

/** Resets a stream and leaves its content unfinished, as proxies do; Node's own `close` ends the content first. */
export function cutStream(stream: ServerHttp2Stream, code: number): void {
  const key = Object.getOwnPropertySymbols(stream).find(
    ({ description }) => description === "kHandle",
  );
  const handle = Reflect.get(stream, key ?? "") as { rstStream(code: number): void };
  handle.rstStream(code);
}

/** An HTTP/2 server that is closed when the test is over. */
export async function h2Server(
  options: SecureServerOptions,
  onStream: OnStream,
  onHeaders: (headers: IncomingHttpHeaders) => void = () => {},
): Promise<H2Server> {
  const sessions: ServerHttp2Session[] = [];
  const sockets: Socket[] = [];
  const open = new Set<ServerHttp2Session>();
  const heads: string[] = [];
  const server = createSecureServer(options);
  server.on("connection", (socket: Socket) => sockets.push(socket));
  server.on("session", (session) => {
    sessions.push(session);
    open.add(session);
    session.on("error", () => {});
    session.on("close", () => open.delete(session));
  });
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    stream.on("error", () => {});
    heads.push(String(headers[":method"]));
    onHeaders(headers);
    onStream(stream, heads.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const session of open) session.destroy();
    server.close();
  });
  return {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions,
    sockets,
    open,
    heads,
  };
}
