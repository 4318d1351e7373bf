/** End of the parameters, or the position of an error in the value. */
export type SkippedParameters =
  | { readonly ok: true; readonly end: number }
  | { readonly ok: false; readonly position: number };

const base64 = "[A-Za-z0-9+/]";
const key = /[a-z*][a-z0-9_\-.*]*/y;

// Bare items of RFC 9651 §3.3. None needs a look ahead: the rest of a longer number or a second dot begins no
// parameter.
const bareItem = new RegExp(
  [
    String.raw`-?\d{1,12}\.\d{1,3}`, // decimal
    String.raw`-?\d{1,15}`, // integer
    String.raw`@-?\d{1,15}`, // date
    String.raw`"(?:[ !#-[\]-~]|\\["\\])*"`, // string
    String.raw`[A-Za-z*][!#$%&'*+\-.^_\x60|~0-9A-Za-z:/]*`, // token
    `:(?:${base64}{4})*(?:${base64}{2}(?:==)?|${base64}{3}=?)?:`, // byte sequence, its padding optional
    String.raw`\?[01]`, // boolean
    String.raw`%"(?:[ !#$&-~]|%[0-9a-f]{2})*"`, // display string
  ].join("|"),
  "y",
);

/**
 * Skips the parameters of a Structured Field Item (RFC 9651 §4.2.3.2), of which there may be none.
 *
 * @param from - Position right after the bare item.
 */
export function skipParameters(value: string, from: number): SkippedParameters {
  let at = from;
  while (value.charAt(at) === ";") {
    at += 1;
    while (value.charAt(at) === " ") at += 1;
    const keyEnd = matchEnd(key, value, at);
    if (keyEnd === null) return { ok: false, position: at };
    at = keyEnd;
    if (value.charAt(at) !== "=") continue;
    const itemEnd = matchEnd(bareItem, value, at + 1);
    if (itemEnd === null) return { ok: false, position: at + 1 };
    if (value.charAt(at + 1) === "%" && !isUtf8(value.slice(at + 3, itemEnd - 1))) {
      return { ok: false, position: at + 1 };
    }
    at = itemEnd;
  }
  return { ok: true, end: at };
}

function matchEnd(pattern: RegExp, value: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(value) ? pattern.lastIndex : null;
}

/** Whether percent-encoded bytes are UTF-8, which a Display String must be (§4.2.10). */
function isUtf8(encoded: string): boolean {
  try {
    decodeURIComponent(encoded);
    return true;
  } catch {
    return false;
  }
}
