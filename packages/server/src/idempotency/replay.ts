import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

import type { StoredResponse, Field } from "@reissue/core";

import { setHeaders } from "../capture/response-head.ts";

/**
 * Answers a request with what the first one with its key was answered with, byte for byte, and `Idempotent-Replayed`.
 *
 * What others have set on the response stays, unless the answer has it too.
 *
 * @throws what Node throws at a record that it cannot send; the response is then as it was.
 */
export function replay(response: ServerResponse, answer: StoredResponse): void {
  const { statusCode } = response;
  const before = response.getHeaders();
  try {
    prepare(response, answer);
  } catch (error) {
    restore(response, before);
    response.statusCode = statusCode;
    throw error;
  }
  const { body } = answer;
  // Node may have been told to refuse even no bytes where there is to be no body.
  response.end(body !== null && body.byteLength > 0 ? body : undefined);
}

/** Does all but end the response. Where its head goes out with the body as well, Node makes it. */
function prepare(
  response: ServerResponse,
  { status, headers, trailers, body }: StoredResponse,
): void {
  // Node throws for others only when it is to send them, and a client goes on waiting after an interim one.
  const isFinal = status >= 200 && status < 1000;
  if (!isFinal) throw new RangeError(`${status} is no status of a response`);
  response.statusCode = status;
  const takes = takesTrailers(response, status);
  const sent = takes ? headers : headers.filter((field) => !isTrailer(field));
  setHeaders(response, sent);
  response.setHeader("Idempotent-Replayed", "true");
  if (takes && (trailers.length > 0 || sent.some(isTrailer))) {
    response.addTrailers(trailers.map(([name, value]): [string, string] => [name, value]));
    // Node refuses a HEAD's Trailer otherwise. The others it sends in chunks by itself, unless it knows the length.
    if (response.req.method === "HEAD") response.setHeader("Transfer-Encoding", "chunked");
    response.writeHead(status);
  } else if (body !== null && body.byteLength > 0 && sent.some(isGarbled)) {
    response.setHeader("Content-Length", body.byteLength);
    response.writeHead(status);
  }
}

/** Whether Node garbles a field where it makes the head of a body that it is given at once. */
function isGarbled([name, value]: Field): boolean {
  return name.toLowerCase() === "content-disposition" && !/^[\x20-\x7e]*$/.test(value);
}

/** Whether trailers may follow: to HTTP/1.0 nothing is sent in chunks. */
function takesTrailers(response: ServerResponse, status: number): boolean {
  return response.useChunkedEncodingByDefault && status !== 204 && status !== 304;
}

function isTrailer([name]: Field): boolean {
  return name.toLowerCase() === "trailer";
}

function restore(response: ServerResponse, before: OutgoingHttpHeaders): void {
  // Some may have been added before one that was refused.
  if (response.useChunkedEncodingByDefault) response.addTrailers({});
  for (const name of response.getHeaderNames()) {
    const value = before[name];
    if (value === undefined) response.removeHeader(name);
    else response.setHeader(name, value);
  }
}
