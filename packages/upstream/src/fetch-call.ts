import { Readable } from "node:stream";

import { isReissueError } from "@reissue/core";
import {
  fetch,
  Request,
  type Dispatcher,
  type RequestInfo,
  type RequestInit,
  type Response,
} from "undici";

import type { ReissueAgent } from "./agent.ts";
import { CopiedBytes } from "./body/copied-bytes.ts";
import { bodyFrom, renewing, type BodyFactory } from "./body/factory-body.ts";
import { isFormData, ownFormData } from "./body/form-data.ts";
import { isFixed, isReadOnce } from "./body/read-once.ts";
import { sourceOf, type ChunkSource } from "./body/source-of.ts";
import type { Source } from "./body/source.ts";
import { unchanging } from "./body/unchanging.ts";
import type { Inbound } from "./inbound.ts";
import type { ReissueDispatchOptions } from "./outbound-request.ts";
import { headerValue, withoutHeader } from "./request-headers.ts";
import type { UpstreamInit } from "./upstream.ts";

/** What a call says that fetch does not know. */
type Said = Pick<UpstreamInit, "retry" | "step" | "bodyTimeoutMs">;

/** Makes one call with the semantics of WHATWG fetch. */
export async function fetchThrough(
  agent: ReissueAgent,
  inbound: Inbound | undefined,
  input: RequestInfo,
  init: UpstreamInit = {},
): Promise<Response> {
  const { retry, step, bodyTimeoutMs, body, ...rest } = init;
  const fetchInit: RequestInit = rest;
  const factory = typeof body === "function" ? body : null;
  const given: unknown = factory === null ? unchanging(body) : bodyFrom(factory);
  const source = isReadOnce(given) ? untouched(given) : null;
  if (given !== undefined) fetchInit.body = source === null ? ownBody(given) : new ReadableStream();
  let original: unknown = source ?? (factory !== null || isFixed(given) ? given : undefined);
  if (factory !== null) {
    fetchInit.duplex = "half";
    original = startingWith(original, renewing(factory, given));
  }
  fetchInit.dispatcher = new FetchDispatcher(
    agent,
    inbound,
    { retry, step, bodyTimeoutMs },
    original,
  ) as unknown as Dispatcher;
  try {
    return await fetch(ownRequest(input), fetchInit);
  } catch (error) {
    // Also where the call failed before it had begun.
    source?.close();
    // Fetch wraps every network error in TypeError("fetch failed"); ours says more by itself.
    const cause: unknown = error instanceof TypeError ? error.cause : undefined;
    throw isReissueError(cause) ? cause : error;
  }
}

/**
 * The dispatcher of one call of fetch.
 *
 * Fetch turns every body into a stream before it dispatches. What the caller gave goes to the agent in the stream's
 * place: it may be sendable again as it is, whatever its size, and can be closed while a read of it is pending. Fetch
 * asks a dispatcher for nothing but `dispatch`; a real one would be an EventEmitter made for every call.
 */
class FetchDispatcher implements Pick<Dispatcher, "dispatch"> {
  readonly #agent: ReissueAgent;
  readonly #inbound: Inbound | undefined;
  readonly #said: Said;
  readonly #original: unknown;
  #dispatches = 0;

  constructor(agent: ReissueAgent, inbound: Inbound | undefined, said: Said, original: unknown) {
    this.#agent = agent;
    this.#inbound = inbound;
    this.#said = said;
    this.#original = original;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    // A redirect may have dropped the body.
    const replace = this.#original !== undefined && options.body !== null;
    this.#dispatches += 1;
    const { origin = "", path, method, upgrade = null } = options;
    // All that fetch gives, one by one: copies by spread are slow to make and slow to read.
    const request: ReissueDispatchOptions = {
      origin,
      path,
      method,
      headers: (replace ? withoutBoundary(options.headers) : options.headers) ?? null,
      body: replace ? this.#original : options.body,
      upgrade,
      retry: this.#said.retry,
      step: this.#said.step,
      bodyTimeoutMs: this.#said.bodyTimeoutMs,
      redirected: this.#dispatches > 1,
      inbound: this.#inbound,
    };
    return this.#agent.dispatch(request, handler);
  }
}

/** What can be read only once as a source, under fetch's own condition that nobody has begun to read it. */
function untouched(body: ChunkSource): Source {
  const { locked = false } = body as { locked?: boolean };
  if (locked || Readable.isDisturbed(body as Readable)) {
    throw new TypeError("The body is locked, or has been read before");
  }
  return sourceOf(body);
}

/** The factory, with the value that fetch was already given as its first one. */
function startingWith(first: unknown, factory: BodyFactory): BodyFactory {
  let given = false;
  return () => {
    if (given) return factory();
    given = true;
    return first;
  };
}

function ownBody(body: unknown): NonNullable<RequestInit["body"]> {
  if (body instanceof CopiedBytes) return body.bytes;
  return (isFormData(body) ? ownFormData(body) : body) as NonNullable<RequestInit["body"]>;
}

/** A form is encoded for all attempts at once, with a boundary that fetch knows nothing of. */
function withoutBoundary(headers: Dispatcher.DispatchOptions["headers"]): typeof headers {
  const type = headerValue(headers, "content-type");
  if (
    typeof type !== "string" ||
    !type.startsWith("multipart/form-data; boundary=----formdata-undici-")
  ) {
    return headers;
  }
  return withoutHeader(headers, "content-type");
}

/** A Request of Node's own is not one of undici's, but has the shape of its init. */
function ownRequest(input: RequestInfo): RequestInfo {
  if (typeof input === "string" || input instanceof URL || input instanceof Request) return input;
  return new Request((input as { url: string }).url, input);
}
