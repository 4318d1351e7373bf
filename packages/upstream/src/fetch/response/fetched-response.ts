import { Readable } from "node:stream";

import type { Response as UndiciResponse } from "undici";

import type { ResponseBody } from "./response-body.ts";

/** A response's head, and how it was come by. */
export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: [name: string, value: string][];
  /** The URL that responded, without a fragment. */
  readonly url: string;
  readonly redirected: boolean;
  /** `cors` after a redirect to another origin, else `basic`; as with the platform's fetch, it hides nothing. */
  readonly type: Response["type"];
}

/** Ends what a response that was thrown away unread would hold for ever: its connection. */
const unread = new FinalizationRegistry<ReadableStream>((stream) => {
  if (!stream.locked && !Readable.isDisturbed(stream as never)) stream.cancel().catch(() => {});
});

/** What the constructor takes (RFC 9112 §4). */
const reasonPhrase = /^[\t\x20-\x7e\x80-\xff]*$/;

function immutable(): never {
  throw new TypeError("immutable");
}

/** What the headers of a fetched response inherit from: they are the platform's, and cannot be changed. */
const immutableHeaders: object = Object.create(Headers.prototype, {
  append: { value: immutable },
  delete: { value: immutable },
  set: { value: immutable },
});

/** Without what is overridden: TypeScript lets no accessor take the place of a property. */
const PlatformResponse = Response as unknown as new (
  body: ReadableStream | null,
  init: ResponseInit,
) => Omit<Response, "url" | "redirected" | "type" | "clone">;

/**
 * A response of the platform's own class, which says where it came from.
 *
 * The platform lets nobody construct one that has a URL, so the accessors that tell of it are overridden; the body, and
 * all that reads it, is the platform's.
 */
class FetchedResponse extends PlatformResponse implements Response {
  readonly #head: ResponseHead;

  constructor(body: ReadableStream | null, head: ResponseHead) {
    const { status, statusText, headers } = head;
    const isUsual = status <= 599 && reasonPhrase.test(statusText);
    super(body, isUsual ? { status, statusText, headers } : { headers });
    this.#head = head;
    Object.setPrototypeOf(this.headers, immutableHeaders);
    // A server may well send what the constructor refuses.
    if (!isUsual) {
      const ok = status >= 200 && status <= 299;
      for (const [name, value] of Object.entries({ status, statusText, ok })) {
        Object.defineProperty(this, name, { value });
      }
    }
  }

  get url(): string {
    return this.#head.url;
  }

  get redirected(): boolean {
    return this.#head.redirected;
  }

  get type(): Response["type"] {
    return this.#head.type;
  }

  clone(): Response {
    const { body } = Response.prototype.clone.call(this);
    const clone = new FetchedResponse(body, this.#head);
    for (const each of [this, clone]) if (each.body !== null) unread.register(each, each.body);
    return clone;
  }
}

// To look at, it is what it stands for.
Object.defineProperty(FetchedResponse.prototype, "constructor", { value: Response });

/**
 * Gives a response to the caller.
 *
 * @param isHeld - Whether something is held for it until its body has been read: a connection, or a listener.
 */
export function fetchedResponse(
  body: ResponseBody | null,
  head: ResponseHead,
  isHeld: boolean,
): Response {
  const stream = body === null ? null : new ReadableStream(body, { highWaterMark: 0 });
  const response = new FetchedResponse(stream, head);
  if (stream !== null && isHeld) unread.register(response, stream);
  return response;
}

/** Gives a response of npm's undici as one of the platform's class. */
export function adoptedResponse(response: UndiciResponse): Response {
  const { status, statusText, headers, url, redirected, type, body } = response;
  const head = { status, statusText, headers: [...headers], url, redirected, type };
  const own = new FetchedResponse(body as ReadableStream | null, head);
  if (own.body !== null) unread.register(own, own.body);
  return own;
}
