/** Headers as undici's parser gives them: names and values alternate. */
export type RawHeaders = readonly Buffer[];

const comma = Buffer.from(", ");

/**
 * Value of the first header with that name; null for none.
 *
 * Compares bytes, and creates no strings. perf: docs/performance.md#raw-headers
 *
 * @param name - In small letters.
 */
export function rawHeader(headers: RawHeaders, name: string): Buffer | null {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (!isNamed(headers[index]!, name)) continue;
    const value: Buffer | Buffer[] = headers[index + 1]!;
    // Under HTTP/2, undici gives a list for a repeated header.
    return Array.isArray(value) ? (value[0] ?? null) : value;
  }
  return null;
}

/**
 * Values of all headers with that name, joined as RFC 9110 §5.3 allows; null for none.
 *
 * @param name - In small letters.
 */
export function joinedHeader(headers: RawHeaders, name: string): Buffer | null {
  let joined: Buffer | null = null;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (!isNamed(headers[index]!, name)) continue;
    const given: Buffer | Buffer[] = headers[index + 1]!;
    for (const value of Array.isArray(given) ? given : [given]) {
      joined = joined === null ? value : Buffer.concat([joined, comma, value]);
    }
  }
  return joined;
}

/** Value of the first header with that name as text; undefined for none. */
export function headerText(headers: RawHeaders, name: string): string | undefined {
  return rawHeader(headers, name)?.toString("latin1");
}

/** Bytes that Content-Length declares; NaN where it is absent or no number. perf: docs/performance.md#raw-headers */
export function declaredLength(headers: RawHeaders): number {
  const value = rawHeader(headers, "content-length");
  if (value === null || value.length === 0) return NaN;
  let length = 0;
  for (let index = 0; index < value.length; index += 1) {
    const digit = value[index]! - 0x30;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    length = length * 10 + digit;
  }
  return length;
}

function isNamed(key: Buffer, name: string): boolean {
  if (key.length !== name.length) return false;
  for (let index = 0; index < name.length; index += 1) {
    // 0x20 turns an ASCII letter to lower case, and is already set in "-" and in digits.
    if ((key[index]! | 0x20) !== name.charCodeAt(index)) return false;
  }
  return true;
}
