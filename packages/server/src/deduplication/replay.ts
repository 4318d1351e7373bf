import type { ServerResponse } from "node:http";

import type { Answer, Field } from "@reissue/core";

/**
 * Answers a request with what the first one with its key was answered with, byte for byte, and `Idempotent-Replayed`.
 *
 * What others have set on the response stays, unless the answer has it too.
 */
export function replay(response: ServerResponse, answer: Answer): void {
  const values = new Map<string, { readonly name: string; readonly all: string[] }>();
  for (const [name, value] of answer.headers) {
    const field = values.get(name.toLowerCase());
    if (field === undefined) values.set(name.toLowerCase(), { name, all: [value] });
    else field.all.push(value);
  }
  for (const { name, all } of values.values()) {
    response.setHeader(name, all.length === 1 ? (all[0] ?? "") : all);
  }
  response.setHeader("Idempotent-Replayed", "true");
  response.statusCode = answer.status;
  // With trailers it is sent in chunks, without a length.
  if (answer.trailers.length > 0) {
    response.flushHeaders();
    response.addTrailers(answer.trailers.map(([name, value]): [string, string] => [name, value]));
  }
  response.end(answer.body);
}

/** The fields of a response that are kept for its replays. */
export function keptFields(fields: readonly Field[], keeps: (name: string) => boolean): Field[] {
  return fields.filter(([name]) => keeps(name.toLowerCase()));
}
