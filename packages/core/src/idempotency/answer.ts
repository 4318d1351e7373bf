/** A header or trailer field. */
export type Field = readonly [name: string, value: string];

/** The first answer to a keyed request, as it is kept. */
export interface Answer {
  readonly status: number;
  /** Names as the application wrote them; a name with several values comes several times. */
  readonly headers: readonly Field[];
  readonly trailers: readonly Field[];
  /** The bytes that went out; null where they were not kept: too many, or cut off. */
  readonly body: Uint8Array | null;
}

const version = 1;

/** Makes bytes of an answer, for a store: one line of JSON, then the body as it is. */
export function encodeAnswer({ status, headers, trailers, body }: Answer): Uint8Array {
  const fields = `"headers":${json(headers)},"trailers":${json(trailers)}`;
  const head = `{"version":${version},"status":${status},${fields},"kept":${body !== null}}\n`;
  const headBytes = Buffer.byteLength(head);
  const bytes = Buffer.allocUnsafe(headBytes + (body?.byteLength ?? 0));
  bytes.write(head);
  if (body !== null) bytes.set(body, headBytes);
  return bytes;
}

function json(fields: readonly Field[]): string {
  return fields.length === 0 ? "[]" : JSON.stringify(fields);
}

/**
 * Reads what {@link encodeAnswer} wrote.
 *
 * @throws TypeError if it is something else, such as what a later version of Reissue wrote.
 */
export function decodeAnswer(bytes: Uint8Array): Answer {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = buffer.indexOf("\n");
  const head = end < 0 ? null : parse(buffer.toString("utf8", 0, end));
  if (head === null) throw new TypeError("A stored answer cannot be read");
  const { status, headers, trailers, kept } = head;
  return { status, headers, trailers, body: kept ? buffer.subarray(end + 1) : null };
}

interface Head {
  readonly version: number;
  readonly status: number;
  readonly headers: readonly Field[];
  readonly trailers: readonly Field[];
  readonly kept: boolean;
}

function parse(text: string): Head | null {
  try {
    const head = JSON.parse(text) as Head | null;
    return head?.version === version ? head : null;
  } catch {
    return null;
  }
}
