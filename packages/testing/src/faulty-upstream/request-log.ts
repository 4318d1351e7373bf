import { systemClock } from "@reissue/core";

import type { FaultName } from "./faults/fault.ts";
import type { ReceivedRequest } from "./http/received-request.ts";
import type { RequestBody } from "./http/request-body.ts";
import { headerValue, type RequestHead } from "./http/request-head.ts";

type Entry = { -readonly [Key in keyof ReceivedRequest]: ReceivedRequest[Key] };

const emptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const noBytes: Buffer = Buffer.alloc(0);

/** The log of an upstream: the last requests, and how often each of all requests was processed. */
export class RequestLog {
  /** How often each request id was processed; unbounded, so that a duplicate cannot hide. */
  readonly effects: Map<string, number> = new Map();
  /** Requests whose head and body arrived whole, processed or not. */
  received: number = 0;
  /** Side effects committed. */
  processed: number = 0;
  /** The number of requests that each fault was applied to. */
  readonly faults: Map<FaultName, number> = new Map();
  readonly #maxRequests: number;
  readonly #honourKeys: boolean;
  readonly #keys = new Set<string>();
  #log: Entry[] = [];
  #heads = 0;

  constructor(maxRequests: number, honourKeys: boolean) {
    this.#maxRequests = maxRequests;
    this.#honourKeys = honourKeys;
  }

  /** Requests whose head arrived. */
  get heads(): number {
    return this.#heads;
  }

  /** Adds a request whose head has arrived. */
  arrive(head: RequestHead, connection: number, nth: number): ReceivedRequest {
    this.#heads += 1;
    const number = this.#heads;
    const entry: Entry = {
      number,
      id: headerValue(head.headers, "x-request-id") ?? `anonymous-${number}`,
      method: head.method,
      path: head.path,
      headers: head.headers,
      connection,
      nth,
      at: systemClock.now(),
      bodyBytes: 0,
      bodySha256: null,
      body: null,
      whole: false,
      processed: false,
      deduplicated: false,
      fault: null,
    };
    this.#log.push(entry);
    // Trimmed in blocks: shifting an entry for each request would cost more than the request.
    if (this.#log.length >= this.#maxRequests * 2 + 64) this.#log = this.requests();
    return entry;
  }

  /** Records the fault that the plan chose. */
  strike(request: ReceivedRequest, fault: FaultName): void {
    (request as Entry).fault = fault;
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
  }

  /** Records the size of a body so far, and its content once complete. */
  body(request: ReceivedRequest, body: RequestBody | null): void {
    const entry = request as Entry;
    entry.bodyBytes = body?.bytes ?? 0;
    if (body !== null && !body.done) return;
    entry.bodySha256 = body === null || body.bytes === 0 ? emptySha256 : body.digest();
    entry.body = body === null ? noBytes : body.content();
    entry.whole = true;
    this.received += 1;
  }

  /** Commits the request's side effect, with `honourKeys` only once for each Idempotency-Key. */
  process(request: ReceivedRequest): void {
    const entry = request as Entry;
    const key = this.#honourKeys ? headerValue(request.headers, "idempotency-key") : null;
    if (key !== null && this.#keys.has(key)) {
      entry.deduplicated = true;
      return;
    }
    if (key !== null) this.#keys.add(key);
    entry.processed = true;
    this.processed += 1;
    this.effects.set(request.id, (this.effects.get(request.id) ?? 0) + 1);
  }

  /** Request ids that were processed more than once. */
  duplicates(): string[] {
    const ids: string[] = [];
    for (const [id, count] of this.effects) if (count > 1) ids.push(id);
    return ids;
  }

  /** The last requests, oldest first. */
  requests(): Entry[] {
    return this.#log.slice(Math.max(0, this.#log.length - this.#maxRequests));
  }

  /** Clears everything but the number of requests. */
  clear(): void {
    this.effects.clear();
    this.faults.clear();
    this.#keys.clear();
    this.#log = [];
    this.received = 0;
    this.processed = 0;
  }
}
