import type { ServerResponse } from "node:http";

import type { Answer } from "@reissue/core";

import { setHeaders } from "./head.ts";

/**
 * Answers a request with what the first one with its key was answered with, byte for byte, and `Idempotent-Replayed`.
 *
 * What others have set on the response stays, unless the answer has it too.
 */
export function replay(response: ServerResponse, answer: Answer): void {
  setHeaders(response, answer.headers);
  response.setHeader("Idempotent-Replayed", "true");
  response.statusCode = answer.status;
  // With trailers it is sent in chunks, without a length.
  if (answer.trailers.length > 0) {
    response.flushHeaders();
    response.addTrailers(answer.trailers.map(([name, value]): [string, string] => [name, value]));
  }
  // Node may have been told to refuse even no bytes where there is to be no body.
  const { body } = answer;
  response.end(body !== null && body.byteLength > 0 ? body : undefined);
}
