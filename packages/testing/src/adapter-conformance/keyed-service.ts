import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import {
  idempotencyChannel,
  systemClock,
  type IdempotencyEvent,
  type IdempotencyMessage,
} from "@reissue/core";
import { recordId } from "@reissue/core/internal";

import type {
  AdapterCall,
  AdapterHarness,
  AdapterIdempotency,
  AdapterService,
} from "./adapter-case.ts";

/** The response of a case's service. */
export interface KeyedResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly replayed: boolean;
  readonly body: Buffer;
  /** The body, as text. */
  readonly text: string;
}

/** Differences from a POST of "pay" to /payments with the case's own key. */
export interface KeyedPost {
  readonly path?: string;
  readonly key?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The service of a case; all callers share its keys unless the case says otherwise. */
export interface KeyedService {
  /** A key that no other case has, so that one store may serve them all. */
  readonly key: string;
  /** The number of runs of the handler. */
  readonly runs: number;
  /** Messages of the diagnostics channel about that key. */
  readonly messages: readonly IdempotencyMessage[];
  readonly events: readonly IdempotencyEvent[];
  post(request?: KeyedPost): Promise<KeyedResponse>;
  /** Sends a POST whose client disconnects as soon as the handler runs. */
  leave(): Promise<void>;
}

/** Differences from a service that responds "done". */
export interface KeyedServiceOptions {
  readonly idempotency?: Partial<AdapterIdempotency>;
  readonly route?: AdapterService["route"];
  /** @param number - The number of the run, from 1 on. */
  readonly run?: (call: AdapterCall, number: number) => unknown;
}

/** The longest wait before a case fails, in ms. */
const maxWaitMs = 10_000;

/** Starts a service, runs a check, and closes the service in any case. */
export async function serving(
  harness: AdapterHarness,
  { idempotency = {}, route = {}, run = () => "done" }: KeyedServiceOptions,
  check: (service: KeyedService) => Promise<void>,
): Promise<void> {
  const key = randomUUID();
  const id = recordId("shared", key);
  const messages: IdempotencyMessage[] = [];
  const listen = (message: unknown): void => {
    const published = message as IdempotencyMessage;
    if (published.id === id) messages.push(published);
  };
  let runs = 0;
  const service = await harness.start({
    idempotency: { store: harness.store, scope: "shared", ...idempotency },
    route,
    run: (call) => run(call, (runs += 1)),
  });
  idempotencyChannel.subscribe(listen);
  try {
    await check({
      key,
      messages,
      get runs() {
        return runs;
      },
      get events() {
        return messages.map(({ event }) => event);
      },
      post: (request) => post(service.origin, { key, ...request }),
      async leave() {
        const client = new AbortController();
        const request = { method: "POST", body: "pay", headers: fields(key) };
        const call = fetch(`${service.origin}/payments`, { ...request, signal: client.signal });
        const outcome = call.then(
          () => "responded",
          (error: unknown) => (error instanceof Error ? error.name : error),
        );
        await until("the handler runs", () => runs === 1);
        client.abort();
        assert.equal(await outcome, "AbortError");
      },
    });
  } finally {
    idempotencyChannel.unsubscribe(listen);
    await service.close();
  }
}

/** Waits until a condition holds; fails where it does not in time. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const endsAtMs = systemClock.now() + maxWaitMs;
  while (!(await condition())) {
    assert.ok(systemClock.now() < endsAtMs, `Waited in vain: ${what}`);
    await sleep(10);
  }
}

async function post(
  origin: string,
  { path = "/payments", key, body = "pay", headers = {} }: KeyedPost & { readonly key: string },
): Promise<KeyedResponse> {
  const response = await fetch(origin + path, {
    method: "POST",
    body,
    headers: { ...fields(key), ...headers },
    redirect: "manual",
    signal: AbortSignal.timeout(maxWaitMs),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  return {
    status: response.status,
    headers: response.headers,
    replayed: response.headers.get("idempotent-replayed") === "true",
    body: bytes,
    text: bytes.toString(),
  };
}

function fields(key: string): Record<string, string> {
  return { "content-type": "text/plain", "idempotency-key": key };
}
