import { isReissueError, type CallRetryOptions } from "@reissue/core";
import {
  Dispatcher,
  fetch,
  Request,
  type RequestInfo,
  type RequestInit,
  type Response,
} from "undici";

import type { ReissueAgent } from "./agent.ts";
import { isFormData, ownFormData } from "./body/form-data.ts";
import { isFixed, type BodyFactory } from "./body/request-body.ts";
import type { Inbound } from "./inbound.ts";
import type { ReissueDispatchOptions } from "./outbound-request.ts";
import { headerValue, withoutHeader } from "./request-headers.ts";
import type { UpstreamInit } from "./upstream.ts";

/** Makes one call with the semantics of WHATWG fetch. */
export async function fetchThrough(
  agent: ReissueAgent,
  inbound: Inbound | undefined,
  input: RequestInfo,
  init: UpstreamInit = {},
): Promise<Response> {
  const { retry, body, ...rest } = init;
  const fetchInit: RequestInit = rest;
  let original: unknown;
  if (typeof body === "function") {
    const first = ownBody(body());
    fetchInit.body = first;
    fetchInit.duplex = "half";
    original = startingWith(first, body);
  } else if (body !== undefined) {
    fetchInit.body = ownBody(body);
    original = isFixed(body) ? fetchInit.body : undefined;
  }
  fetchInit.dispatcher = new FetchDispatcher(agent, inbound, retry, original);
  try {
    return await fetch(ownRequest(input), fetchInit);
  } catch (error) {
    // Fetch wraps every network error in TypeError("fetch failed"); ours says more by itself.
    const cause: unknown = error instanceof TypeError ? error.cause : undefined;
    throw isReissueError(cause) ? cause : error;
  }
}

/**
 * The dispatcher of one call of fetch.
 *
 * Fetch turns every body into a stream before it dispatches. What the caller gave can be sent again as it is, whatever
 * its size, so it goes to the agent in the stream's place.
 */
class FetchDispatcher extends Dispatcher {
  readonly #agent: ReissueAgent;
  readonly #inbound: Inbound | undefined;
  readonly #retry: CallRetryOptions | undefined;
  readonly #original: unknown;

  constructor(
    agent: ReissueAgent,
    inbound: Inbound | undefined,
    retry: CallRetryOptions | undefined,
    original: unknown,
  ) {
    super();
    this.#agent = agent;
    this.#inbound = inbound;
    this.#retry = retry;
    this.#original = original;
  }

  override dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    // A redirect may have dropped the body.
    const replace = this.#original !== undefined && options.body !== null;
    const request: ReissueDispatchOptions = {
      ...options,
      headers: (replace ? withoutBoundary(options.headers) : options.headers) ?? null,
      body: replace ? this.#original : options.body,
      retry: this.#retry,
      inbound: this.#inbound,
    };
    return this.#agent.dispatch(request, handler);
  }
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
  return (isFormData(body) ? ownFormData(body) : body) as NonNullable<RequestInit["body"]>;
}

/** Undici encodes FormData afresh for each attempt, with a boundary and a content type of its own. */
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
