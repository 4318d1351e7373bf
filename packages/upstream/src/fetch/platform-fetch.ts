import { Readable } from "node:stream";

import { isFormData } from "../body/form/form-data.ts";
import { isNodeStream } from "../body/source/node-source.ts";
import type { CallContext } from "./call-context.ts";
import type { CallInit } from "./request/call-init.ts";
import { FetchDispatcher } from "./fetch-dispatcher.ts";
import { adoptedResponse } from "./response/fetched-response.ts";
import { isStream, requestBodyInit, type RequestBodyInit } from "./request/request-body-init.ts";
import { undici } from "../undici.ts";

/** Saved when Reissue is loaded: a program may replace the global by `upstream()`. */
const { fetch } = globalThis;

/**
 * Fetches with the platform's own fetch, which sends through the dispatcher.
 *
 * Reads unusual requests, and bodies that only the platform can read, such as a Request's.
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
    // Placeholder without a type, which fetch may send as often as it likes.
    init.body = new Blob([]);
  } else if (isStream(init.body)) {
    init.body = ownStream(init.body);
  }
  const dispatcher = new FetchDispatcher(context, body);
  init.dispatcher = dispatcher;
  try {
    // Only its own fetch can read a Request of npm's undici.
    if (input instanceof undici().Request) {
      return adoptedResponse(await undici().fetch(input, init as never));
    }
    return await fetch(ownRequest(input) as Request, init as object);
  } catch (error) {
    throw dispatcher.failure(error);
  }
}

/** Wraps a stream older than `Readable`, of which fetch would send the name. */
function ownStream(body: object): object {
  const isOld = isNodeStream(body) && !(Symbol.asyncIterator in body);
  return isOld ? new Readable().wrap(body) : body;
}

/** Copies a Request of any other class, which has the shape of an init. */
function ownRequest(input: unknown): unknown {
  if (typeof input !== "object" || input === null || input instanceof Request) return input;
  const isRequest = Symbol.toStringTag in input && input[Symbol.toStringTag] === "Request";
  if (!isRequest || !("url" in input) || typeof input.url !== "string") return input;
  return new Request(input.url, input as RequestInit);
}
