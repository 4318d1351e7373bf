import type { Clock, Timer } from "../../common/clock.ts";
import { latin1 } from "../../common/latin1.ts";
import { checkKeys } from "../../common/option.ts";
import { optionDefaults, optionNames, readOptions } from "../../common/option-table.ts";
import {
  memoryStoreTable,
  type MemoryStoreConfig,
  type MemoryStoreOptions,
} from "./memory-store-config.ts";
import { LinkedList, type Linked } from "../../common/linked-list.ts";
import { ExpiryBuckets, type Expiring } from "./expiry-buckets.ts";
import { FullWarnings } from "./full-warnings.ts";
import { publish } from "../../diagnostics/idempotency-channel.ts";
import { StoreFullError } from "./store-error.ts";
import type {
  ClaimOwner,
  ClaimRequest,
  ClaimResult,
  ClaimToken,
  IdempotencyStore,
} from "./store.ts";

/** Size of a record with a response of up to {@link shortBytes}, in bytes. perf: docs/performance.md#memory-store */
const entryBytes = 768;

/** Most bytes of a response that fit into a record's own size; a tombstone is shorter. */
const shortBytes = 256;

/** Most bytes of a response that is stored as text. perf: docs/performance.md#memory-store */
const textBytes = 4096;

/** Interval of the search for expired records, while there are records, in ms. */
const sweepMs = 1000;

interface Entry extends Expiring, Linked<Entry> {
  readonly id: string;
  readonly fingerprint: string;
  owner: string;
  fence: number;
  leaseEndsAtMs: number;
  /** Stored response; null until completed; text has one character for each byte. */
  response: Uint8Array | string | null;
  /** Instant of the completion, in ms of the clock; 0 before. */
  completedAtMs: number;
}

/**
 * Opens a store in the memory of this process: for a single process, and for tests. Its records are lost with the
 * process, so after a crash the work is repeated whatever the guarantee.
 *
 * A full store forgets the responses that were completed first, if they are older than `minRetentionMs`, and never a
 * claim in flight: the channel `reissue:idempotency` publishes `forgotten` for each, and the process warns once
 * (`REISSUE_MEMORY_STORE`). If there are none, new keys are refused with a {@link StoreFullError}, and of a response
 * without room only a tombstone is stored.
 *
 * A service that fills the store within `retentionMs` (a day by default) needs Redis or PostgreSQL: with the defaults,
 * from 1.2 keyed requests per second.
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function memoryStore(options: MemoryStoreOptions = {}): IdempotencyStore {
  checkKeys(options, "options", optionNames(memoryStoreTable));
  return new MemoryStore(
    readOptions(memoryStoreTable, options, optionDefaults(memoryStoreTable), ""),
  );
}

class MemoryStore implements IdempotencyStore {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #minRetentionMs: number;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #expiry = new ExpiryBuckets<Entry>();
  /** Completed entries, oldest completion first. */
  readonly #completed = new LinkedList<Entry>();
  #bytes = 0;
  #timer: Timer | null = null;
  readonly #warnings: FullWarnings;

  constructor({ maxEntries, maxBytes, minRetentionMs, clock }: MemoryStoreConfig) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
    this.#minRetentionMs = minRetentionMs;
    this.#warnings = new FullWarnings(`maxEntries ${maxEntries}, maxBytes ${maxBytes}`);
    this.#clock = clock;
  }

  claim(request: ClaimRequest): ClaimResult {
    const nowMs = this.#clock.now();
    const entry = this.#find(request.id, nowMs);
    if (entry === null) return this.#add(request, nowMs);
    if (entry.response === null && entry.owner === request.owner) {
      return { state: "claimed", fence: entry.fence };
    }
    if (entry.fingerprint !== request.fingerprint) return { state: "mismatch" };
    if (entry.response !== null) return { state: "completed", answer: toBytes(entry.response) };
    const leaseLeftMs = entry.leaseEndsAtMs - nowMs;
    if (leaseLeftMs > 0) return { state: "in-flight", leaseLeftMs };
    if (!request.takeOver) return { state: "lapsed" };
    entry.owner = request.owner;
    entry.fence += 1;
    entry.leaseEndsAtMs = ceilMs(nowMs + request.leaseMs);
    this.#expiry.move(entry, ceilMs(nowMs + request.retentionMs));
    return { state: "claimed", fence: entry.fence };
  }

  renew(token: ClaimToken, leaseMs: number): boolean {
    const nowMs = this.#clock.now();
    const entry = this.#findHeld(token, nowMs);
    if (entry === null) return false;
    entry.leaseEndsAtMs = ceilMs(nowMs + leaseMs);
    this.#expiry.move(entry, Math.max(entry.expiresAtMs, entry.leaseEndsAtMs));
    return true;
  }

  complete(token: ClaimToken, response: Uint8Array, retentionMs: number): boolean {
    const nowMs = this.#clock.now();
    const entry = this.#find(token.id, nowMs);
    if (entry === null || entry.owner !== token.owner) return false;
    if (entry.response !== null) return true;
    // A record has room for a short response from the start.
    const bytes = sizeOf(response);
    if (!this.#hasRoom(0, bytes)) this.#makeRoom(0, bytes, nowMs);
    this.#bytes += bytes;
    entry.response = copied(response);
    entry.completedAtMs = ceilMs(nowMs);
    this.#completed.append(entry);
    this.#expiry.move(entry, ceilMs(nowMs + retentionMs));
    return true;
  }

  release(token: ClaimOwner): boolean {
    const entry = this.#findHeld(token, this.#clock.now());
    if (entry === null) return false;
    this.#expiry.remove(entry);
    this.#remove(entry);
    return true;
  }

  #add(request: ClaimRequest, nowMs: number): ClaimResult {
    if (!this.#hasRoom(1, entryBytes)) this.#makeRoom(1, entryBytes, nowMs);
    const { id, fingerprint, owner, leaseMs, retentionMs } = request;
    const entry: Entry = {
      id,
      fingerprint,
      owner,
      fence: 1,
      leaseEndsAtMs: ceilMs(nowMs + leaseMs),
      expiresAtMs: ceilMs(nowMs + retentionMs),
      response: null,
      before: null,
      after: null,
      completedAtMs: 0,
      previous: null,
      next: null,
    };
    this.#entries.set(id, entry);
    this.#bytes += entryBytes;
    this.#expiry.add(entry);
    this.#watch();
    return { state: "claimed", fence: 1 };
  }

  #hasRoom(entries: number, bytes: number): boolean {
    return (
      this.#entries.size + entries <= this.#maxEntries && this.#bytes + bytes <= this.#maxBytes
    );
  }

  /**
   * Removes expired entries, and then as many of the oldest completed ones as necessary.
   *
   * @throws {@link StoreFullError} if they are not enough; then none of them is removed.
   */
  #makeRoom(entries: number, bytes: number, nowMs: number): void {
    this.#sweep(nowMs);
    if (this.#hasRoom(entries, bytes)) return;
    const oldest: Entry[] = [];
    let freed = 0;
    let entry = this.#completed.first;
    while (entry !== null && entry.completedAtMs <= nowMs - this.#minRetentionMs) {
      oldest.push(entry);
      freed += bytesOf(entry);
      if (this.#hasRoom(entries - oldest.length, bytes - freed)) return this.#removeEarly(oldest);
      entry = entry.next;
    }
    this.#warnings.give("refuses");
    throw new StoreFullError();
  }

  #removeEarly(entries: readonly Entry[]): void {
    this.#warnings.give("forgets");
    for (const entry of entries) {
      this.#expiry.remove(entry);
      this.#remove(entry);
      publish(entry, "forgotten", null);
    }
  }

  /** Record whose retention is not over; null for none. */
  #find(id: string, nowMs: number): Entry | null {
    const entry = this.#entries.get(id);
    if (entry === undefined) return null;
    if (entry.expiresAtMs > nowMs) return entry;
    this.#expiry.remove(entry);
    this.#remove(entry);
    return null;
  }

  /** Record that a token holds, while it is not completed; null for none. */
  #findHeld(token: ClaimOwner, nowMs: number): Entry | null {
    const entry = this.#find(token.id, nowMs);
    return entry?.owner === token.owner && entry.response === null ? entry : null;
  }

  #remove(entry: Entry): void {
    if (entry.response !== null) this.#completed.remove(entry);
    this.#entries.delete(entry.id);
    this.#bytes -= bytesOf(entry);
  }

  /** Takes the time of its caller's first read: the record that the caller works on must not be removed meanwhile. */
  #sweep(nowMs: number): void {
    for (const entry of this.#expiry.takeExpired(nowMs)) this.#remove(entry);
  }

  /** Sweeps while there are records, so that an unused store becomes empty too. */
  #watch(): void {
    if (this.#timer !== null) return;
    const sweep = (): void => {
      this.#timer = null;
      this.#sweep(this.#clock.now());
      if (this.#entries.size > 0) this.#watch();
    };
    this.#timer = this.#clock.setTimeout(sweep, sweepMs, { background: true });
  }
}

/** Rounds a time up to whole ms. perf: docs/performance.md#memory-store */
function ceilMs(atMs: number): number {
  return Math.ceil(atMs);
}

/** Copies a response, so that it neither retains a larger buffer nor changes with it. */
function copied(response: Uint8Array): Uint8Array | string {
  return response.byteLength > textBytes ? new Uint8Array(response) : latin1(response);
}

function toBytes(response: Uint8Array | string): Uint8Array {
  return typeof response === "string" ? Buffer.from(response, "latin1") : response;
}

/** Size of an entry, in bytes. */
function bytesOf({ response }: Entry): number {
  return entryBytes + (response === null ? 0 : sizeOf(response));
}

/** Size of a response beyond its record's own, in bytes. */
function sizeOf({ length }: Uint8Array | string): number {
  return length <= shortBytes ? 0 : length;
}
