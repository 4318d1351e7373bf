import type { Connection, Exchange } from "./connection.ts";
import { encodeResponse } from "./encoded-response.ts";
import type { UpstreamResponse } from "./response.ts";

/** The beginning of a response, up to the place where the fault cuts it; never all of it. */
export function cutShort(
  response: UpstreamResponse,
  exchange: Exchange,
  fault: "cut-headers" | "cut-body" | "cut-chunked",
  afterBytes: number | undefined,
): Buffer {
  const chunked = fault === "cut-chunked" || (fault === "cut-headers" && response.chunked === true);
  const body = response.body === undefined || response.body.length > 0 ? response.body : "cut";
  const encoded = encodeResponse(
    { ...response, chunked, body },
    { method: exchange.request.method, close: !exchange.keepAlive },
  );
  const head = encoded.head.length;
  const rest = encoded.wire.length - head;
  // A response without a body can only be cut in its head.
  if (fault === "cut-headers" || rest === 0) {
    return encoded.wire.subarray(0, Math.min(afterBytes ?? Math.floor(head / 2), head - 1));
  }
  const half = chunked ? (encoded.body[0]?.length ?? 0) : Math.floor(rest / 2);
  return encoded.wire.subarray(0, head + Math.min(afterBytes ?? half, rest - 1));
}

/** Writes `wire` from `at` on, a few bytes at a time, and completes the exchange after the last. */
export function drip(
  connection: Connection,
  wire: Buffer,
  at: number,
  chunkBytes: number,
  everyMs: number,
  close: boolean,
): void {
  const next = Math.min(at + chunkBytes, wire.length);
  connection.write(wire.subarray(at, next), () => {
    if (next === wire.length) connection.complete(close);
    else connection.later(everyMs, () => drip(connection, wire, next, chunkBytes, everyMs, close));
  });
}
