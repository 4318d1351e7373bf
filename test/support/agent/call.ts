import { once } from "node:events";
import {
  request as httpRequest,
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from "node:http";
import { request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";

import type { RequestReport } from "@reissue/agent";

/** What a call sends. */
export interface CallOptions extends RequestOptions {
  readonly agent: Agent;
  readonly body?: string | Buffer | undefined;
}

/** A whole response. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly response: IncomingMessage;
  readonly request: ClientRequest;
}

/** An error of node:http's, with what the agent says of the request. */
export type ReportedError = NodeJS.ErrnoException & { readonly reissue?: RequestReport };

/** Begins a request of node:http's. */
export function begin(url: string, options: Omit<CallOptions, "body">): ClientRequest {
  return (url.startsWith("https:") ? httpsRequest : httpRequest)(url, options);
}

/** Sends a request of node:http's, and reads its response whole. */
export async function call(url: string, { body, ...options }: CallOptions): Promise<Reply> {
  const request = begin(url, options);
  request.end(body);
  return replyTo(request);
}

/** Reads the response to a request whole. */
export async function replyTo(request: ClientRequest): Promise<Reply> {
  // Node tells of a cut response on both.
  request.on("error", () => {});
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return { status: response.statusCode!, body: await text(response), response, request };
}

/** The error with which a call fails; the test fails if it does not. */
export async function failure(called: Promise<unknown>): Promise<ReportedError> {
  let result: unknown;
  try {
    result = await called;
  } catch (error) {
    return error as ReportedError;
  }
  throw new Error(`did not fail: ${JSON.stringify(result)}`);
}
