/** Header or trailer field. */
export type Field = readonly [name: string, value: string];

/** First response to a keyed request, as it is stored. */
export interface StoredResponse {
  readonly status: number;
  /** Fields in the application's spelling; a name with several values is repeated. */
  readonly headers: readonly Field[];
  readonly trailers: readonly Field[];
  /** Bytes of the body; null where they were not stored: too many, or cut off. */
  readonly body: Uint8Array | null;
}

/**
 * First line of an encoded response: version, status, number of headers and of trailers, and whether the body follows.
 */
const start = /^1 (\S+) (\d{1,6}) (\d{1,6}) (kept|left)$/;

/** Characters that no field has: Node sends all other characters of a byte in its lenient mode. */
const forbidden = /[\0\n\r]|[^\0-\xff]/;

/**
 * Encodes a response for a store: a first line, a line for each header and trailer, then the raw body.
 *
 * @param response - Response to store.
 * @throws TypeError for a field that cannot be a header.
 */
export function encodeResponse({ status, headers, trailers, body }: StoredResponse): Uint8Array {
  const has = body === null ? "left" : "kept";
  let head = `1 ${status} ${headers.length} ${trailers.length} ${has}\n`;
  for (const [name, value] of [...headers, ...trailers]) {
    if (forbidden.test(name) || forbidden.test(value) || name.includes(":")) {
      throw new TypeError(`${JSON.stringify(name)} is not a field that can be stored`);
    }
    head += `${name}:${value}\n`;
  }
  const bytes = Buffer.allocUnsafe(head.length + (body?.byteLength ?? 0));
  bytes.write(head, "latin1");
  if (body !== null) bytes.set(body, head.length);
  return bytes;
}

/**
 * Decodes the bytes of {@link encodeResponse}.
 *
 * @throws TypeError for other bytes, such as those of a later version of Reissue.
 */
export function decodeResponse(bytes: Uint8Array): StoredResponse {
  const lines = new Lines(bytes);
  const [, status, headers, trailers, has] = start.exec(lines.next()) ?? unreadable();
  return {
    status: Number(status),
    headers: Array.from({ length: Number(headers) }, () => lines.nextField()),
    trailers: Array.from({ length: Number(trailers) }, () => lines.nextField()),
    body: has === "kept" ? lines.rest() : null,
  };
}

/** Reader of bytes that begin with lines. */
class Lines {
  readonly #bytes: Buffer;
  #at = 0;

  constructor({ buffer, byteOffset, byteLength }: Uint8Array) {
    this.#bytes = Buffer.from(buffer, byteOffset, byteLength);
  }

  next(): string {
    const end = this.#bytes.indexOf("\n", this.#at);
    if (end < 0) unreadable();
    const text = this.#bytes.toString("latin1", this.#at, end);
    this.#at = end + 1;
    return text;
  }

  nextField(): Field {
    const text = this.next();
    const colon = text.indexOf(":");
    if (colon < 0) unreadable();
    return [text.slice(0, colon), text.slice(colon + 1)];
  }

  rest(): Buffer {
    return this.#bytes.subarray(this.#at);
  }
}

function unreadable(): never {
  throw new TypeError("A stored response cannot be read");
}
