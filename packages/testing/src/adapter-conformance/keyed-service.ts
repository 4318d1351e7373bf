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

/** What a service of a case answered. */
export interface KeyedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly replayed: boolean;
  readonly body: Buffer;
  /** The body, as text. */
  readonly text: string;
}

/** What differs from a POST of "pay" to /payments with the case's own key. */
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
  /** How often the handler has run. */
  readonly runs: number;
  /** What the channel told of that key. */
  readonly messages: readonly IdempotencyMessage[];
  readonly events: readonly IdempotencyEvent[];
  post(request?: KeyedPost): Promise<KeyedAnswer>;
  /** Sends a POST whose client leaves as soon as the handler runs. */
  leave(): Promise<void>;
}

/** How a service of a case differs from one that answers "done". */
export interface KeyedServiceOptions {
  readonly idempotency?: Partial<AdapterIdempotency>;
  readonly route?: AdapterService["route"];
  /** Given which run it is, from 1 on. */
  readonly run?: (call: AdapterCall, number: number) => unknown;
}

/** How long anything may take before a case fails, in ms. */
const patienceMs = 10_000;

/** Starts a service, checks something of it, and closes it whatever came of that. */
export async function serving(
  harness: AdapterHarness,
  { idempotency = {}, route = {}, run = () => "done" }: KeyedServiceOptions,
  check: (service: KeyedService) => Promise<void>,
): Promise<void> {
  const key = randomUUID();
  const id = recordId("shared", key);
  const messages: IdempotencyMessage[] = [];
  const listen = (message: unknown): void => {
    const heard = message as IdempotencyMessage;
    if (heard.id === id) messages.push(heard);
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
        const leaving = new AbortController();
        const request = { method: "POST", body: "pay", headers: fields(key) };
        const asked = fetch(`${service.origin}/payments`, { ...request, signal: leaving.signal });
        const outcome = asked.then(
          () => "answered",
          (error: unknown) => (error instanceof Error ? error.name : error),
        );
        await until("the handler runs", () => runs === 1);
        leaving.abort();
        assert.equal(await outcome, "AbortError");
      },
    });
  } finally {
    idempotencyChannel.unsubscribe(listen);
    await service.close();
  }
}

/** Waits until it is so, and fails where it has not come so in time. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endsAtMs = systemClock.now() + patienceMs;
  while (!(await isSo())) {
    assert.ok(systemClock.now() < endsAtMs, `Waited in vain: ${what}`);
    await sleep(10);
  }
}

async function post(
  origin: string,
  { path = "/payments", key, body = "pay", headers = {} }: KeyedPost & { readonly key: string },
): Promise<KeyedAnswer> {
  const answer = await fetch(origin + path, {
    method: "POST",
    body,
    headers: { ...fields(key), ...headers },
    redirect: "manual",
    signal: AbortSignal.timeout(patienceMs),
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return {
    status: answer.status,
    headers: answer.headers,
    replayed: answer.headers.get("idempotent-replayed") === "true",
    body: bytes,
    text: bytes.toString(),
  };
}

function fields(key: string): Record<string, string> {
  return { "content-type": "text/plain", "idempotency-key": key };
}
