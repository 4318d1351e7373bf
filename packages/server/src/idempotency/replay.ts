import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

import type { StoredResponse, Field } from "@reissue/core";

import { setHeaders } from "../capture/response-head.ts";

/**
 * Sends the stored response of the first request with a key, byte for byte, with `Idempotent-Replayed: true`.
 *
 * Other headers that have been set on the response stay.
 *
 * @throws Node's error for a record that cannot be sent; the response is then as it was.
 */
export function replay(response: ServerResponse, stored: StoredResponse): void {
  const { statusCode } = response;
  const before = response.getHeaders();
  try {
    prepare(response, stored);
  } catch (error) {
    restore(response, before);
    response.statusCode = statusCode;
    throw error;
  }
  const { body } = stored;
  // With `rejectNonStandardBodyWrites` Node refuses even an empty chunk where there is to be no body.
  response.end(body !== null && body.byteLength > 0 ? body : undefined);
}

/** Sets everything but the body. The head is written here only where Node would not write it as it was with the body. */
function prepare(
  response: ServerResponse,
  { status, headers, trailers, body }: StoredResponse,
): void {
  // Node throws for other statuses only when it sends them, and a client goes on waiting after an interim one.
  const isFinal = status >= 200 && status < 1000;
  if (!isFinal) throw new RangeError(`${status} is not the status of a final response`);
  response.statusCode = status;
  const canSendTrailers = takesTrailers(response, status);
  const sent = canSendTrailers ? headers : headers.filter((field) => !isTrailer(field));
  setHeaders(response, sent);
  response.setHeader("Idempotent-Replayed", "true");
  if (canSendTrailers && (trailers.length > 0 || sent.some(isTrailer))) {
    response.addTrailers(byName(trailers));
    // Node refuses Trailer for a HEAD otherwise. Other responses are chunked by themselves, unless their length is known.
    if (response.req.method === "HEAD") response.setHeader("Transfer-Encoding", "chunked");
    response.writeHead(status);
  } else if (body !== null && body.byteLength > 0 && sent.some(isGarbled)) {
    response.setHeader("Content-Length", body.byteLength);
    response.writeHead(status);
  }
}

/** Trailers as an object, the one form that responses made by hand take too; as pairs where a name is repeated. */
function byName(trailers: readonly Field[]): Record<string, string> | [string, string][] {
  const names = new Set(trailers.map(([name]) => name.toLowerCase()));
  if (names.size === trailers.length) return Object.fromEntries(trailers);
  return trailers.map(([name, value]) => [name, value]);
}

/** Whether Node would garble a header, joining the head with a body that it is given at once. */
function isGarbled([name, value]: Field): boolean {
  return name.toLowerCase() === "content-disposition" && !/^[\x20-\x7e]*$/.test(value);
}

/** Whether trailers may follow: a response to HTTP/1.0 is not chunked. */
function takesTrailers(response: ServerResponse, status: number): boolean {
  return response.useChunkedEncodingByDefault && status !== 204 && status !== 304;
}

function isTrailer([name]: Field): boolean {
  return name.toLowerCase() === "trailer";
}

function restore(response: ServerResponse, before: OutgoingHttpHeaders): void {
  // Trailers may have been added before Node refused one.
  if (response.useChunkedEncodingByDefault) response.addTrailers({});
  for (const name of response.getHeaderNames()) {
    const value = before[name];
    if (value === undefined) response.removeHeader(name);
    else response.setHeader(name, value);
  }
}
