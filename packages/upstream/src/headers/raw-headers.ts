/** Headers as undici's parser gives them: names and values in turn. */
export type RawHeaders = readonly Buffer[];

const comma = Buffer.from(", ");

/**
 * The value of the first header of that name; null where it is absent.
 *
 * Compares bytes and makes no strings, since this runs for every answer.
 *
 * @param name - In small letters.
 */
export function rawHeader(headers: RawHeaders, name: string): Buffer | null {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (!isNamed(headers[index]!, name)) continue;
    const value: Buffer | Buffer[] = headers[index + 1]!;
    // Under HTTP/2 undici gives a list where a header came more than once.
    return Array.isArray(value) ? (value[0] ?? null) : value;
  }
  return null;
}

/**
 * The values of all headers of that name, as the one that they stand for (RFC 9110 §5.3); null where it is absent.
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

/** The value of the first header of that name as text; undefined where it is absent. */
export function headerText(headers: RawHeaders, name: string): string | undefined {
  return rawHeader(headers, name)?.toString("latin1");
}

/** The number of bytes that Content-Length declares; NaN where it is absent or no number. */
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
    // 0x20 makes an ASCII letter small, and is set already in "-" and in digits.
    if ((key[index]! | 0x20) !== name.charCodeAt(index)) return false;
  }
  return true;
}
