import type { ResponseHead } from "./response-head.ts";

/** The part of a body that Node sends together with the head: none where the head is flushed. */
export type FirstChunk = "none" | "text" | "bytes";

/** The kind of the first chunk, from the arguments of the first `write` or `end`. */
export function firstChunkOf([chunk, encoding]: readonly unknown[]): FirstChunk {
  const isUtf8 = typeof encoding !== "string" || encoding === "" || encoding === "utf8";
  return typeof chunk === "string" && isUtf8 ? "text" : "bytes";
}

/**
 * A head with its values as they were sent, a character for each byte.
 *
 * Node writes a head as Latin-1, but as UTF-8 where the head is flushed, or joined with a text body into one string: each
 * character beyond ASCII then becomes two bytes. A replay sends bytes, and so Latin-1.
 */
export function asSent(
  head: ResponseHead,
  firstChunk: FirstChunk | null,
  isChunked: boolean,
): ResponseHead {
  // The size of a chunk is written in between, as Latin-1.
  const isUtf8 = firstChunk === "none" || (firstChunk === "text" && !isChunked);
  if (!isUtf8 || head.fields.every(([, value]) => isAscii.test(value))) return head;
  const fields = head.fields.map(([name, value]): [string, string] => [
    name,
    Buffer.from(value, "utf8").toString("latin1"),
  ]);
  return { ...head, fields };
}

const isAscii = /^[\0-\x7f]*$/;
