import { createHash } from "node:crypto";
import { Readable } from "node:stream";

import type { Kind } from "./request-kind.ts";

/** One call of many: what it sends, and so what must come back. */
export interface Call {
  readonly number: number;
  /** Sent as X-Request-Id, and the last segment of the path. */
  readonly id: string;
  readonly kind: Kind;
  readonly content: Buffer;
  readonly sha256: string;
}

const nothing = Buffer.alloc(0);
const longBytes = 100_000;

/** The nth call of a kind; most bodies fit into one packet, every 53rd does not. */
export function nthCall(kind: Kind, number: number): Call {
  const bytes = number % 53 === 7 ? longBytes : (number * 37) % 1500;
  const content = kind.method === "GET" ? nothing : Buffer.alloc(bytes, `body of ${number}, `);
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { number, id: String(number), kind, content, sha256 };
}

/** The answer to a call: who it is for and what had arrived, filled up to a length. */
export function answerTo(id: string, method: string, sha256: string | null, bytes: number): string {
  return `${id} ${method} ${sha256} `.padEnd(bytes, "answer ");
}

/** The bodies that a call may be given in, each of which can be resent. */
type CallBody = string | Buffer | Readable | (() => Buffer);

/** A call's body, in turn as a string, as bytes, as a stream and as a factory. */
export function openBody({ number, content, kind }: Call): CallBody | null {
  if (kind.method === "GET") return null;
  const shapes = [
    () => content.toString(),
    () => content,
    () => Readable.from(pieces(content)),
    () => () => content,
  ];
  return shapes[number % shapes.length]!();
}

function* pieces(content: Buffer): Generator<Buffer> {
  const half = content.length >> 1;
  yield content.subarray(0, half);
  yield content.subarray(half);
}
