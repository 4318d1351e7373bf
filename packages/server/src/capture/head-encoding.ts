import type { ResponseHead } from "./response-head.ts";

/** What Node sends a head together with: nothing where it is flushed, or the first of the body. */
export type HeadCompany = "nothing" | "text" | "bytes";

/** What a head goes out with, by what `write` or `end` is given first. */
export function companyOf([chunk, encoding]: readonly unknown[]): HeadCompany {
  const isUtf8 = typeof encoding !== "string" || encoding === "" || encoding === "utf8";
  return typeof chunk === "string" && isUtf8 ? "text" : "bytes";
}

/**
 * A head with its values as they went out, a character for each byte.
 *
 * Node writes a head as Latin-1, but as UTF-8 where it is flushed, or makes one string of it and of the body: then each
 * character beyond ASCII comes as two. A replay sends bytes, and so Latin-1.
 */
export function asSent(
  head: ResponseHead,
  company: HeadCompany | null,
  isChunked: boolean,
): ResponseHead {
  // The size of a chunk comes first, which is Latin-1.
  const isUtf8 = company === "nothing" || (company === "text" && !isChunked);
  if (!isUtf8 || head.fields.every(([, value]) => isAscii.test(value))) return head;
  const fields = head.fields.map(([name, value]): [string, string] => [
    name,
    Buffer.from(value, "utf8").toString("latin1"),
  ]);
  return { ...head, fields };
}

const isAscii = /^[\0-\x7f]*$/;
