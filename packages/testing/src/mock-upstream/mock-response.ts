import { OptionError } from "@reissue/core";
import { checkKeys } from "@reissue/core/internal";

import { checkResponse, type UpstreamResponse } from "../faulty-upstream/http/response.ts";
import type { SentRequest } from "./sent-request.ts";

/** Response of a mock upstream. */
export interface MockResponse extends UpstreamResponse {
  /** Body, as JSON; with `content-type: application/json` unless `headers` has another. */
  readonly json?: unknown;
}

/** Response of a route, or a function that creates it once the request is complete. */
export type MockReply =
  | MockResponse
  | ((request: SentRequest) => MockResponse | Promise<MockResponse>);

/**
 * Turns the response of a route into the one that is sent.
 *
 * @param path - Path of the option in error messages.
 * @throws OptionError with the option's path.
 */
export function toUpstreamResponse(response: MockResponse, path: string): UpstreamResponse {
  if (typeof response !== "object" || response === null) {
    throw new OptionError(path, "must be a response, such as { status: 200, json: {} }");
  }
  if (!("json" in response)) {
    checkResponse(path, response);
    return { body: "", ...response };
  }
  checkKeys(response, path, ["json", "status", "headers", "chunked", "delayMs"]);
  const { json, headers = {}, ...rest } = response;
  const body = jsonText(json, `${path}.json`);
  const hasType = Object.keys(headers).some((name) => name.toLowerCase() === "content-type");
  const type = hasType ? {} : { "content-type": "application/json" };
  const sent = { ...rest, headers: { ...type, ...headers }, body };
  checkResponse(path, sent);
  return sent;
}

function jsonText(value: unknown, path: string): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new OptionError(path, "must be a value that JSON has");
  return text;
}
