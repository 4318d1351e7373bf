/** Headers as undici's parser gives them: names and values in turn. */
export type RawHeaders = readonly Buffer[];

/**
 * The value of the first header of that name, in latin1; null where it is absent.
 *
 * Looks at the raw list, and at bytes before it makes strings, since this runs for every answer.
 *
 * @param name - In small letters; its first character must be a letter.
 */
export function rawHeader(headers: RawHeaders, name: string): string | null {
  const first = name.charCodeAt(0);
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const key = headers[index]!;
    // 0x20 is what makes an ASCII letter small.
    if (key.length !== name.length || (key[0]! | 0x20) !== first) continue;
    if (key.toString("latin1").toLowerCase() === name)
      return headers[index + 1]!.toString("latin1");
  }
  return null;
}
