import { parseStructuredString, skipSpaces, type StringProblem } from "./structured-string.ts";

/**
 * Syntax of keys.
 *
 * - `lenient`: a Structured Field String, or a bare key without quotes, which is what most clients send.
 * - `strict`: a Structured Field String and nothing else, as draft-ietf-httpapi-idempotency-key-header-07 demands.
 */
export type KeySyntax = "lenient" | "strict";

/** Problem of a malformed key. */
export type KeyProblem = StringProblem | "empty";

/** Key without its quotes, or its problem and the position of it in the value (0 for the first character). */
export type ParsedKey =
  | { readonly ok: true; readonly key: string }
  | { readonly ok: false; readonly problem: KeyProblem; readonly position: number };

/** Most characters of a key, without quotes; the draft has no limit, Stripe's is 255. */
export const maxKeyLength = 255;

/** Sentence for each {@link KeyProblem}, for clients: it never repeats the key. */
export const keyProblemText: Readonly<Record<KeyProblem, string>> = {
  empty: "The key is empty",
  "too-long": `The key is longer than ${maxKeyLength} characters`,
  "not-a-string": "The key is not a Structured Field String: it must stand in double quotes",
  unterminated: "The key has an opening quote and no closing one",
  "invalid-escape": "In a quoted key a backslash may only precede a double quote or a backslash",
  "invalid-character": "The key has a character that is not allowed there",
  "invalid-parameter":
    "What follows the semicolon after the key is not a Structured Field parameter",
  "trailing-characters": "Something follows the closing quote",
  repeated:
    "There is more than one key: the header was repeated, or a key without quotes has a comma",
};

/**
 * Parses the value of an Idempotency-Key header: a key of 1 to {@link maxKeyLength} characters, in linear time.
 *
 * Reissue's rules where the draft has none:
 * - `"k"` and `k` are the same key (lenient), so that a client may change its quoting between retries.
 * - A value that begins with a quote is a Structured Field String or malformed, never a bare key: `"abc` was cut.
 * - A bare key is visible ASCII without `"` and `,`: Node joins repeated headers with `, `, and two keys are no key.
 * - Parameters after a quoted key are ignored; a bare key has none, so a semicolon is part of it.
 * - Spaces around the value are ignored; within quotes they count.
 */
export function parseIdempotencyKey(
  value: string,
  options: { readonly syntax: KeySyntax },
): ParsedKey {
  const start = skipSpaces(value, 0);
  if (start === value.length) return { ok: false, problem: "empty", position: start };
  if (options.syntax === "lenient" && value.charAt(start) !== '"') return parseBare(value, start);
  const parsed = parseStructuredString(value, maxKeyLength);
  if (!parsed.ok) return parsed;
  if (parsed.text === "") return { ok: false, problem: "empty", position: start + 1 };
  return { ok: true, key: parsed.text };
}

function parseBare(value: string, start: number): ParsedKey {
  let at = start;
  for (; at < value.length && value.charAt(at) !== " "; at += 1) {
    const code = value.charCodeAt(at);
    if (value.charAt(at) === ",") return { ok: false, problem: "repeated", position: at };
    if (code < 0x21 || code > 0x7e || value.charAt(at) === '"') {
      return { ok: false, problem: "invalid-character", position: at };
    }
    if (at - start === maxKeyLength) return { ok: false, problem: "too-long", position: at };
  }
  const end = skipSpaces(value, at);
  if (end === value.length) return { ok: true, key: value.slice(start, at) };
  if (value.charAt(end) === ",") return { ok: false, problem: "repeated", position: end };
  return { ok: false, problem: "invalid-character", position: at };
}
