/** A header as it was sent: name in the sender's case, value without surrounding whitespace. */
export type HeaderPair = readonly [name: string, value: string];

/** A parsed request head, with the framing of its body. */
export interface RequestHead {
  readonly method: string;
  /** The request target as sent, query included. */
  readonly path: string;
  /** Headers in the order in which they were sent; repeated headers are separate. */
  readonly headers: readonly HeaderPair[];
  /** The length of the body, in bytes, or `chunked`; 0 when neither framing header was sent. */
  readonly length: number | "chunked";
  /** False when the client asked to close after this request, or speaks HTTP/1.0 without keep-alive. */
  readonly keepAlive: boolean;
  /** Whether the client waits for 100 Continue before it sends the body. */
  readonly expectsContinue: boolean;
}

/** A request that cannot be parsed; gets `status`, and the connection is closed. */
export class BadRequest extends Error {
  override readonly name: string = "BadRequest";
  readonly status: number;
  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

const tokenPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const requestLinePattern = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([^ ]+) HTTP\/1\.([01])$/;

/** The value of the first header with a name, given in lower case; null for none. */
export function headerValue(headers: readonly HeaderPair[], name: string): string | null {
  for (const pair of headers) {
    if (pair[0].length === name.length && pair[0].toLowerCase() === name) return pair[1];
  }
  return null;
}

/**
 * Parses a head: everything before the empty line, as Latin-1 text.
 *
 * Strict about framing (RFC 9112 §6.3), since a wrongly framed body would count as another request.
 *
 * @throws {@link BadRequest}
 */
export function parseHead(text: string): RequestHead {
  const lines = text.split("\r\n");
  const start = requestLinePattern.exec(lines[0] ?? "");
  if (start === null) throw new BadRequest("malformed request line");
  const headers: HeaderPair[] = [];
  let contentLength: string | null = null;
  let chunked = false;
  let keepAlive = start[3] === "1";
  let expectsContinue = false;
  for (let index = 1; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    if (!tokenPattern.test(name)) throw new BadRequest("malformed header line");
    const value = line.slice(colon + 1).trim();
    headers.push([name, value]);
    switch (name.toLowerCase()) {
      case "content-length":
        if (!/^\d{1,15}$/.test(value)) throw new BadRequest("malformed Content-Length");
        if (contentLength !== null && contentLength !== value)
          throw new BadRequest("conflicting Content-Length");
        contentLength = value;
        break;
      case "transfer-encoding":
        if (value.toLowerCase() !== "chunked")
          throw new BadRequest("unsupported Transfer-Encoding", 501);
        chunked = true;
        break;
      case "connection": {
        const options = value.toLowerCase();
        if (/(^|,)\s*close\s*(,|$)/.test(options)) keepAlive = false;
        else if (/(^|,)\s*keep-alive\s*(,|$)/.test(options)) keepAlive = true;
        break;
      }
      case "expect":
        expectsContinue = value.toLowerCase() === "100-continue";
        break;
      default:
    }
  }
  if (chunked && contentLength !== null)
    throw new BadRequest("both Content-Length and Transfer-Encoding");
  const length = chunked ? "chunked" : Number(contentLength ?? 0);
  return {
    method: start[1] ?? "",
    path: start[2] ?? "",
    headers,
    length,
    keepAlive,
    expectsContinue,
  };
}
