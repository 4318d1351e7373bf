import { skipParameters } from "./structured-parameters.ts";

/** Problem of a value that should be a Structured Field String. */
export type StringProblem =
  | "not-a-string"
  | "unterminated"
  | "invalid-escape"
  | "invalid-character"
  | "invalid-parameter"
  | "trailing-characters"
  | "repeated"
  | "too-long";

/**
 * Structured Field String without its quotes, or its problem and the position of it in the value (0 for the first
 * character).
 */
export type StructuredString =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: StringProblem; readonly position: number };

const quote = 0x22;
const backslash = 0x5c;
const space = 0x20;

/**
 * Parses a field value as a Structured Field Item whose bare item is a String (RFC 9651 §4.2, §4.2.3, §4.2.5).
 *
 * Parameters must be well-formed and are then ignored: RFC 9651 discourages treating an unknown parameter as an error,
 * and the Idempotency-Key draft defines none.
 *
 * @param maxLength - Most characters of the string, without quotes and escapes; a longer one is not read further.
 */
export function parseStructuredString(
  value: string,
  maxLength: number = Number.POSITIVE_INFINITY,
): StructuredString {
  const start = skipSpaces(value, 0);
  if (value.charCodeAt(start) !== quote) return failed("not-a-string", start);
  let text = "";
  let at = start + 1;
  for (; at < value.length && value.charCodeAt(at) !== quote; at += 1) {
    if (value.charCodeAt(at) === backslash) {
      at += 1;
      if (at === value.length) return failed("unterminated", at);
      const escaped = value.charCodeAt(at);
      if (escaped !== quote && escaped !== backslash) return failed("invalid-escape", at);
    } else if (!isPrintable(value.charCodeAt(at))) {
      return failed("invalid-character", at);
    }
    if (text.length === maxLength) return failed("too-long", at);
    text += value.charAt(at);
  }
  if (at === value.length) return failed("unterminated", at);
  const parameters = skipParameters(value, at + 1);
  if (!parameters.ok) return failed("invalid-parameter", parameters.position);
  const end = skipSpaces(value, parameters.end);
  if (end === value.length) return { ok: true, text };
  return failed(value.charAt(end) === "," ? "repeated" : "trailing-characters", end);
}

/** Position of the first character at or after `from` that is not a space (SP only, as in RFC 9651 §4.2). */
export function skipSpaces(value: string, from: number): number {
  let at = from;
  while (value.charCodeAt(at) === space) at += 1;
  return at;
}

function isPrintable(code: number): boolean {
  return code >= 0x20 && code <= 0x7e;
}

function failed(problem: StringProblem, position: number): StructuredString {
  return { ok: false, problem, position };
}
