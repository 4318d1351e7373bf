/** A header or trailer field. */
export type Field = readonly [name: string, value: string];

/** The first answer to a keyed request, as it is kept. */
export interface StoredResponse {
  readonly status: number;
  /** Names as the application wrote them; a name with several values comes several times. */
  readonly headers: readonly Field[];
  readonly trailers: readonly Field[];
  /** The bytes that went out; null where they were not kept: too many, or cut off. */
  readonly body: Uint8Array | null;
}

/** How an answer begins: the version of what follows, status, how many headers and trailers, and whether it has a body. */
const start = /^1 (\S+) (\d{1,6}) (\d{1,6}) (kept|left)$/;

/** What no field has: Node sends all other characters of a byte, where it is told to be lenient. */
const refused = /[\0\n\r]|[^\0-\xff]/;

/**
 * Makes bytes of an answer, for a store: a line that says what follows, a line for each header and trailer, then the body
 * as it is.
 *
 * @throws TypeError for a field that no header can be.
 */
export function encodeResponse({ status, headers, trailers, body }: StoredResponse): Uint8Array {
  const has = body === null ? "left" : "kept";
  let head = `1 ${status} ${headers.length} ${trailers.length} ${has}\n`;
  for (const [name, value] of [...headers, ...trailers]) {
    if (refused.test(name) || refused.test(value) || name.includes(":")) {
      throw new TypeError(`${JSON.stringify(name)} is no field that can be kept`);
    }
    head += `${name}:${value}\n`;
  }
  const bytes = Buffer.allocUnsafe(head.length + (body?.byteLength ?? 0));
  bytes.write(head, "latin1");
  if (body !== null) bytes.set(body, head.length);
  return bytes;
}

/**
 * Reads what {@link encodeResponse} wrote.
 *
 * @throws TypeError if it is something else, such as what a later version of Reissue wrote.
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

/** Bytes that begin with lines. */
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
  throw new TypeError("A stored answer cannot be read");
}
