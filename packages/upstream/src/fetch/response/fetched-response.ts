import { Readable } from "node:stream";

import type { Response as UndiciResponse } from "undici";

import type { ResponseBody } from "./response-body.ts";

/** Head of a response, and how it was obtained. */
export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: [name: string, value: string][];
  /** URL of the response, without a fragment. */
  readonly url: string;
  readonly redirected: boolean;
  /** `cors` after a redirect to another origin, else `basic`; as with the platform's fetch, it hides nothing. */
  readonly type: Response["type"];
}

/** Cancels the body of a response that was garbage-collected unread, which would hold its connection for ever. */
const unread = new FinalizationRegistry<ReadableStream>((stream) => {
  if (!stream.locked && !Readable.isDisturbed(stream as never)) stream.cancel().catch(() => {});
});

/** Status texts that the constructor accepts (RFC 9112 §4). */
const reasonPhrase = /^[\t\x20-\x7e\x80-\xff]*$/;

function immutable(): never {
  throw new TypeError("immutable");
}

/** Creates the prototype of a fetched response's headers: the platform's, without the methods that change them. */
function immutableHeaders(): object {
  return Object.create(Headers.prototype, {
    append: { value: immutable },
    delete: { value: immutable },
    set: { value: immutable },
  });
}

/** Typed without the overridden accessors: TypeScript allows no accessor in place of a property. */
type PlatformResponse = new (
  body: ReadableStream | null,
  init: ResponseInit,
) => Omit<Response, "url" | "redirected" | "type" | "clone">;

type FetchedResponseClass = new (body: ReadableStream | null, head: ResponseHead) => Response;

let defined: FetchedResponseClass | undefined;

/** Returns the class of a fetched response; touching the platform's classes loads its fetch, so it is defined late. */
function fetchedResponseClass(): FetchedResponseClass {
  defined ??= defineClass(Response, immutableHeaders());
  return defined;
}

/**
 * Defines the class of a response with a URL, as a subclass of the platform's.
 *
 * The platform has no constructor for a response with a URL, so the accessors are overridden; the body, and everything
 * that reads it, is the platform's.
 */
function defineClass(Platform: PlatformResponse, headersPrototype: object): FetchedResponseClass {
  class FetchedResponse extends Platform implements Response {
    readonly #head: ResponseHead;

    constructor(body: ReadableStream | null, head: ResponseHead) {
      const { status, statusText, headers } = head;
      const isUsual = status <= 599 && reasonPhrase.test(statusText);
      super(body, isUsual ? { status, statusText, headers } : { headers });
      this.#head = head;
      Object.setPrototypeOf(this.headers, headersPrototype);
      // A server may send what the constructor refuses.
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

  // Inspected, it is a Response.
  Object.defineProperty(FetchedResponse.prototype, "constructor", { value: Response });
  return FetchedResponse;
}

/**
 * Creates the response for the caller.
 *
 * @param holdsResources - Whether a connection or a listener is held until the body has been read.
 */
export function fetchedResponse(
  body: ResponseBody | null,
  head: ResponseHead,
  holdsResources: boolean,
): Response {
  const stream = body === null ? null : new ReadableStream(body, { highWaterMark: 0 });
  const response = new (fetchedResponseClass())(stream, head);
  if (stream !== null && holdsResources) unread.register(response, stream);
  return response;
}

/** Converts a response of npm's undici to the platform's class. */
export function adoptedResponse(response: UndiciResponse): Response {
  const { status, statusText, headers, url, redirected, type, body } = response;
  const head = { status, statusText, headers: [...headers], url, redirected, type };
  const own = new (fetchedResponseClass())(body as ReadableStream | null, head);
  if (own.body !== null) unread.register(own, own.body);
  return own;
}
