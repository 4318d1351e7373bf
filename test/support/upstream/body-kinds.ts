import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { headerValue, type ReceivedRequest } from "@reissue/testing";
import { FormData as UndiciFormData } from "undici";

/** One way of giving a request a body. */
export interface BodyKind {
  readonly name: string;
  /** Whether it can be read only once. */
  readonly stream: boolean;
  /** The content type that it has by itself; null where it has none. */
  readonly type: RegExp | null;
  make(content: Buffer): unknown;
}

/** Content of letters only, so that every kind can carry it as it is. */
export function letters(size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, at) => 97 + ((at * 7 + (at >> 9)) % 26)));
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function* pieces(content: Buffer): Generator<Buffer> {
  for (let at = 0; at < content.length; at += 30_011) yield content.subarray(at, at + 30_011);
}

async function* generator(content: Buffer): AsyncGenerator<Buffer> {
  for (const piece of pieces(content)) yield await Promise.resolve(piece);
}

/** With other bytes around it, so that a view that ignores its offset is found out. */
function offsetView(content: Buffer): Uint8Array {
  const around = new Uint8Array(content.length + 13).fill(33);
  around.set(content, 5);
  return around.subarray(5, 5 + content.length);
}

function arrayBuffer(content: Buffer): ArrayBuffer {
  return new Uint8Array(content).buffer;
}

function form<Form extends { append(name: string, value: any): void }>(
  empty: Form,
  content: Buffer,
): Form {
  empty.append("note", "päper");
  empty.append("file", new Blob([new Uint8Array(content)]));
  return empty;
}

const multipart = /^multipart\/form-data; ?boundary=/;
const urlencoded = /^application\/x-www-form-urlencoded;charset=UTF-8$/;

/** Every kind that undici or fetch takes. */
export const bodyKinds: readonly BodyKind[] = [
  { name: "string", stream: false, type: null, make: (content) => content.toString() },
  { name: "Buffer", stream: false, type: null, make: (content) => content },
  { name: "typed array with an offset", stream: false, type: null, make: offsetView },
  { name: "ArrayBuffer", stream: false, type: null, make: arrayBuffer },
  {
    name: "Blob",
    stream: false,
    type: /^text\/csv$/,
    make: (content) => new Blob([new Uint8Array(content)], { type: "text/csv" }),
  },
  {
    name: "Node's FormData",
    stream: false,
    type: multipart,
    make: (content) => form(new FormData(), content),
  },
  {
    name: "undici's FormData",
    stream: false,
    type: multipart,
    make: (content) => form(new UndiciFormData(), content),
  },
  {
    name: "URLSearchParams",
    stream: false,
    type: urlencoded,
    make: (content) => new URLSearchParams({ data: content.toString() }),
  },
  {
    name: "Node stream",
    stream: true,
    type: null,
    make: (content) => Readable.from(pieces(content), { objectMode: false }),
  },
  {
    name: "web stream",
    stream: true,
    type: null,
    make: (content) => Readable.toWeb(Readable.from(pieces(content), { objectMode: false })),
  },
  { name: "async generator", stream: true, type: null, make: generator },
];

/** SHA-256 of what was sent in a request as that kind, out of whatever it was wrapped in. */
export function sentSha256(request: ReceivedRequest): string {
  const type = headerValue(request.headers, "content-type") ?? "";
  const body = request.body ?? Buffer.alloc(0);
  if (multipart.test(type)) return sha256(file(body, type.replace(multipart, "")));
  if (urlencoded.test(type)) return sha256(body.subarray("data=".length));
  return request.bodySha256 ?? "a body that was cut";
}

/** The file of a form of {@link form}'s; nothing where it is not encoded to the letter (RFC 7578). */
function file(body: Buffer, boundary: string): Buffer {
  const start = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\npäper\r\n` +
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="blob"\r\n` +
      "Content-Type: application/octet-stream\r\n\r\n",
  );
  const end = Buffer.from(`\r\n--${boundary}--\r\n`);
  const framed = body.indexOf(start) === 0 && body.lastIndexOf(end) === body.length - end.length;
  return framed ? body.subarray(start.length, -end.length) : Buffer.from("a broken form");
}
