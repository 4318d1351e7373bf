import { Readable } from "node:stream";

import { fetch as undiciFetch, Request as UndiciRequest } from "undici";

import { isFormData } from "../body/form/form-data.ts";
import { isNodeStream } from "../body/source/node-source.ts";
import type { CallContext } from "./call-context.ts";
import type { CallInit } from "./request/call-init.ts";
import { FetchDispatcher } from "./fetch-dispatcher.ts";
import { adoptedResponse } from "./response/fetched-response.ts";
import { isStream, requestBodyInit, type RequestBodyInit } from "./request/request-body-init.ts";

/** As it is when Reissue is loaded: a program may put `upstream()` in its place. */
const { fetch } = globalThis;

/**
 * Fetches with the platform's own fetch, which sends through the agent.
 *
 * It reads what is unusual, and holds what only it can look into: the body of a Request.
 */
export async function platformFetch(
  context: CallContext,
  input: unknown,
  given: CallInit,
): Promise<Response> {
  const init: CallInit & { dispatcher?: FetchDispatcher } = { ...given };
  let body: RequestBodyInit | null = null;
  if (typeof init.body === "function" || isFormData(init.body)) {
    body = requestBodyInit(init.body);
    // In its place: something without a type that fetch may send as often as it likes.
    init.body = new Blob([]);
  } else if (isStream(init.body)) {
    init.body = ownStream(init.body);
  }
  const dispatcher = new FetchDispatcher(context, body);
  init.dispatcher = dispatcher;
  try {
    // A Request of npm's undici can be read by its own fetch only.
    if (input instanceof UndiciRequest) {
      return adoptedResponse(await undiciFetch(input, init as never));
    }
    return await fetch(ownRequest(input) as Request, init as object);
  } catch (error) {
    throw dispatcher.failure(error);
  }
}

/** A stream that is older than `Readable`, of which fetch would send the name. */
function ownStream(body: object): object {
  const isOld = isNodeStream(body) && !(Symbol.asyncIterator in body);
  return isOld ? new Readable().wrap(body) : body;
}

/** A Request of yet another class, which has the shape of an init. */
function ownRequest(input: unknown): unknown {
  if (typeof input !== "object" || input === null || input instanceof Request) return input;
  const isRequest = Symbol.toStringTag in input && input[Symbol.toStringTag] === "Request";
  if (!isRequest || !("url" in input) || typeof input.url !== "string") return input;
  return new Request(input.url, input as RequestInit);
}
