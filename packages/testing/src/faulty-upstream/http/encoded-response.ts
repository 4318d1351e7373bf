import type { UpstreamResponse } from "./response.ts";

/** A response in bytes, in the parts between which faults cut. */
export interface EncodedResponse {
  readonly head: Buffer;
  /** Content in one piece, or framed chunks and their end; empty for HEAD, 204 and 304. */
  readonly body: readonly Buffer[];
  /** Head and body in one piece. */
  readonly wire: Buffer;
  /** Whether the head says `Connection: close`. */
  readonly close: boolean;
  readonly delayMs: number;
}

/** Facts about the exchange that the encoding depends on. */
export interface ResponseContext {
  /** The request's method: HEAD takes no body. */
  readonly method: string;
  /** Whether the connection closes after this response. */
  readonly close: boolean;
  /** The value of Keep-Alive in responses that keep the connection open. */
  readonly keepAliveHint?: string | undefined;
}

const reasons: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  304: "Not Modified",
  400: "Bad Request",
  404: "Not Found",
  408: "Request Timeout",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

function chunk(content: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${content.length.toString(16)}\r\n`),
    content,
    Buffer.from("\r\n"),
  ]);
}

/** Encodes a response. */
export function encodeResponse(
  response: UpstreamResponse,
  context: ResponseContext,
): EncodedResponse {
  const status = response.status ?? 200;
  const given = response.body ?? "ok";
  const content =
    typeof given === "string"
      ? Buffer.from(given)
      : Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  const bodiless = status === 204 || status === 304;
  const lines = [`HTTP/1.1 ${status} ${reasons[status] ?? ""}`];
  let close = context.close;
  let framed = bodiless;
  for (const [name, value] of Object.entries(response.headers ?? {})) {
    for (const one of typeof value === "string" ? [value] : value) {
      const known = name.toLowerCase();
      if (known === "content-length" || known === "transfer-encoding") framed = true;
      if (known === "connection" && one.toLowerCase() === "close") close = true;
      else lines.push(`${name}: ${one}`);
    }
  }
  if (close) lines.push("Connection: close");
  else if (context.keepAliveHint !== undefined)
    lines.push("Connection: keep-alive", `Keep-Alive: ${context.keepAliveHint}`);
  if (!framed)
    lines.push(
      response.chunked === true
        ? "Transfer-Encoding: chunked"
        : `Content-Length: ${content.length}`,
    );
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  let body: Buffer[] = [];
  if (!bodiless && context.method !== "HEAD") {
    if (response.chunked === true) {
      const half = Math.ceil(content.length / 2);
      const parts = [content.subarray(0, half), content.subarray(half)].filter(
        (part) => part.length > 0,
      );
      body = [...parts.map(chunk), Buffer.from("0\r\n\r\n")];
    } else if (content.length > 0) {
      body = [content];
    }
  }
  return {
    head,
    body,
    wire: Buffer.concat([head, ...body]),
    close,
    delayMs: response.delayMs ?? 0,
  };
}
