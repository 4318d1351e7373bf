import { joinedHeader, type RawHeaders } from "../headers/raw-headers.ts";
import type { ResponseHandler } from "../response/response-handler.ts";
import { ContentDecoder, contentCodings } from "./response/content-decoder.ts";
import type { FetchTiming } from "./fetch-timing.ts";
import { ResponseBody, type BodyOwner } from "./response/response-body.ts";

/** How much of the body of a redirect is read to keep its connection, in bytes. */
const maxDiscardedBytes = 65_536;

/** Responses that have no body, whatever they declare (Fetch §2.2.3). */
const nullBodyStatuses = [101, 204, 205, 304];

const redirectStatuses = [301, 302, 303, 307, 308];

/** What came back for one request of a call. */
export interface HopResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: RawHeaders;
  /** Whether it redirects, by its status. */
  readonly redirects: boolean;
  /** Its Location, where it redirects and has one; else null. */
  readonly location: string | null;
  /** Null where there is none, and where a redirect is followed. */
  readonly body: ResponseBody | null;
}

/** The call that a request belongs to. */
export interface HopOwner {
  readonly followsRedirects: boolean;
  readonly timing: FetchTiming;
  /** Words an error as the caller is to see it. */
  failure(error: Error, context: "fetch failed" | "terminated"): unknown;
  /**
   * Takes note that nothing can happen to the response any more: it has been read to its end, or has failed.
   *
   * @param status - 0 where there was no response.
   */
  onSettled(status: number): void;
}

/** One request of a call, which redirects may give more of: hears from the agent, and gives the response's body out. */
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

  /** Ends the request at once; who waits for its response, or reads it, is given that very reason. */
  abort(reason: unknown): void {
    this.#reject(reason);
    this.#body?.fail(reason);
    this.#endExchange();
  }

  /** Reads no more of a response that has been followed elsewhere. */
  leave(): void {
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
