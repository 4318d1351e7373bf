import { joinedHeader, type RawHeaders } from "../headers/raw-headers.ts";
import type { ResponseHandler } from "../response/response-handler.ts";
import { ContentDecoder, contentCodings } from "./response/content-decoder.ts";
import type { FetchTiming } from "./fetch-timing.ts";
import { ResponseBody, type BodyOwner } from "./response/response-body.ts";

/** Most bytes of a redirect's body that are read to reuse its connection. */
const maxDiscardedBytes = 65_536;

/** Statuses of responses without a body, whatever they declare (Fetch §2.2.3). */
const nullBodyStatuses = [101, 204, 205, 304];

const redirectStatuses = [301, 302, 303, 307, 308];

/** Response to one request of a call. */
export interface HopResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: RawHeaders;
  /** Whether the status is a redirect. */
  readonly redirects: boolean;
  /** Location of a redirect; null for none. */
  readonly location: string | null;
  /** Null for a response without a body, and for a redirect that is followed. */
  readonly body: ResponseBody | null;
}

/** Call that a hop belongs to. */
export interface HopOwner {
  readonly followsRedirects: boolean;
  readonly timing: FetchTiming;
  /** Translates an error for the caller. */
  failure(error: Error, context: "fetch failed" | "terminated"): unknown;
  /**
   * Called once the response is final: it has been read to its end, or has failed.
   *
   * @param status - 0 without a response.
   */
  onSettled(status: number): void;
}

/**
 * One request of a call, which may follow several redirects: receives the response from the dispatcher, and passes its body
 * on.
 */
export class FetchHop implements ResponseHandler, BodyOwner {
  readonly response: Promise<HopResponse>;
  readonly #owner: HopOwner;
  readonly #method: string;
  #resolve!: (response: HopResponse) => void;
  #reject!: (reason: unknown) => void;
  #abortExchange: ((reason?: Error) => void) | null = null;
  #resumeExchange: (() => void) | null = null;
  #status = 0;
  #body: ResponseBody | null = null;
  #decoder: ContentDecoder | null = null;
  /** Whether the call goes on with another request, so that the end of this response is not the call's. */
  #isFollowed = false;
  #discardedBytes = 0;
  #isOver = false;

  constructor(owner: HopOwner, method: string) {
    this.#owner = owner;
    this.#method = method;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Ends the request immediately; its pending response, or the reader of its body, fails with that very reason. */
  abort(reason: unknown): void {
    this.#reject(reason);
    this.#body?.fail(reason);
    this.#endExchange();
  }

  /** Stops reading a response in whose place another request is sent. */
  leave(): void {
    this.#isFollowed = true;
    this.#endExchange();
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abortExchange = abort;
    this.#owner.timing.onRequestStart();
  }

  onResponseStarted(): void {
    this.#owner.timing.onResponseStart();
  }

  onHeaders(
    status: number,
    headers: RawHeaders,
    resume: () => void,
    statusText: string,
  ): boolean | void {
    if (status < 200) return false;
    this.#owner.timing.onResponseStart();
    this.#resumeExchange = resume;
    this.#status = status;
    const redirects = redirectStatuses.includes(status);
    const location = redirects ? (text(headers, "location") ?? null) : null;
    this.#isFollowed = this.#owner.followsRedirects && location !== null;
    if (this.#method !== "HEAD" && !nullBodyStatuses.includes(status) && !this.#isFollowed) {
      this.#body = new ResponseBody(this);
      this.#decode(contentCodings(text(headers, "content-encoding")), this.#body);
    }
    this.#resolve({ status, statusText, headers, redirects, location, body: this.#body });
    return true;
  }

  onData(chunk: Buffer): boolean {
    const { timing } = this.#owner;
    timing.encodedBodySize += chunk.length;
    if (this.#decoder !== null) return this.#decoder.push(chunk);
    if (this.#body !== null) return this.#body.push(chunk);
    this.#discardedBytes += chunk.length;
    if (this.#discardedBytes > maxDiscardedBytes) this.#endExchange();
    return true;
  }

  onComplete(): void {
    this.#isOver = true;
    if (this.#decoder !== null) return this.#decoder.end();
    if (this.#body !== null) return this.#body.end();
    if (!this.#isFollowed) this.#owner.onSettled(this.#status);
  }

  onError(error: Error): void {
    this.#isOver = true;
    this.#reject(this.#owner.failure(error, "fetch failed"));
    this.#decoder?.destroy();
    if (this.#body !== null) this.#body.fail(this.#owner.failure(error, "terminated"));
    else if (!this.#isFollowed) this.#owner.onSettled(this.#status);
  }

  resume(): void {
    if (this.#decoder !== null) this.#decoder.resume();
    else this.#resumeExchange?.();
  }

  cancel(): void {
    this.#endExchange();
  }

  onSettled(): void {
    if (this.#isFollowed) return;
    this.#owner.timing.decodedBodySize = this.#body?.bytes ?? 0;
    this.#owner.onSettled(this.#status);
  }

  #decode(codings: readonly string[], body: ResponseBody): void {
    if (codings.length === 0) return;
    const resume = (): void => this.#resumeExchange?.();
    this.#decoder = new ContentDecoder(codings, body, resume, (error) => {
      body.fail(this.#owner.failure(error, "terminated"));
      this.#endExchange();
    });
  }

  #endExchange(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#decoder?.destroy();
    this.#abortExchange?.(new DOMException("The operation was aborted.", "AbortError"));
  }
}

function text(headers: RawHeaders, name: string): string | undefined {
  return joinedHeader(headers, name)?.toString("latin1");
}
