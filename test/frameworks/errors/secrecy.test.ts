import { handler } from "@reissue/server";
import { createUpstream, type BoundUpstream, type UpstreamOptions } from "@reissue/upstream";
import { describe, expect, onTestFinished, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { listening } from "../../support/listen.ts";
import { ask } from "../../support/request.ts";
import {
  frameworks,
  type Call,
  type Running,
  type Start,
} from "../../support/frameworks/frameworks.ts";
import { Seen, shown } from "../../support/visible-output.ts";

const scope = "account-of-alice";
/** A part of every key that comes in, be it malformed or not. */
const inbound = "came-in";
/** The key of a call that names its own. */
const outbound = "went-out";

/** Upstreams that answer and that do not, and a handler that calls the one that a request asks for. */
async function calls(): Promise<{
  readonly upstream: UpstreamOptions;
  readonly run: (call: Call) => Promise<string>;
  /** The keys that they were sent. */
  readonly keys: () => string[];
  /** Lets go the requests that are held. */
  readonly letGo: () => void;
  readonly held: () => number;
}> {
  const [orders, broken] = [await opened(), await opened({ faults: [{ fault: "reset" }] })];
  const derive = { idempotencyKey: "derive" } as const;
  let held = 0;
  let letGo = (): void => {};
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  return {
    upstream: {
      retry: { backOff: { baseMs: 0 } },
      origins: { [orders.origin]: derive, [broken.origin]: derive },
    },
    async run({ upstream, request }) {
      const wanted = request.headers["x-case"];
      const headers = wanted === "explicit" ? { "idempotency-key": outbound } : {};
      if (wanted === "held") {
        held += 1;
        await gate;
      }
      if (wanted === "wrapped") {
        const failing = upstream(broken.origin, { method: "POST", step: "first" });
        const own = (cause: unknown): never => {
          throw new Error("The application's own", { cause });
        };
        await failing.catch(own);
      }
      const { origin } = wanted === "fine" || wanted === "held" ? orders : broken;
      await (await upstream(origin, { method: "POST", headers, step: "order" })).text();
      return "done";
    },
    keys: () =>
      [...orders.requests, ...broken.requests].flatMap(({ headers }) =>
        headers
          .filter(([name]) => name.toLowerCase() === "idempotency-key")
          .map(([, key]) => key.replaceAll('"', "")),
      ),
    letGo,
    held: () => held,
  };
}

function post(service: Running, key: string, wanted: string, body = ""): ReturnType<typeof ask> {
  const headers = { "idempotency-key": key, "x-case": wanted };
  return ask(service, { method: "POST", headers, body });
}

/** Asks for everything that a keyed request can come to; the statuses. */
async function askAll(
  service: Running,
  seen: Seen,
  store: { isDown: boolean },
  made: Awaited<ReturnType<typeof calls>>,
): Promise<ReadonlySet<number>> {
  const statuses = new Set<number>();
  const asked = async (...args: Parameters<typeof post>): Promise<void> => {
    const { status, headers, body } = await post(...args);
    statuses.add(status);
    seen.answers.push(shown([...headers]), body);
  };
  for (const key of [`${inbound}-1`, `"${inbound}-1"`]) await asked(service, key, "fine");
  await asked(service, `${inbound}-1`, "fine", "another body");
  for (const wanted of ["failing", "explicit", "wrapped"]) {
    await asked(service, `${inbound}-${wanted}`, wanted);
  }
  const holding = asked(service, `${inbound}-held`, "held");
  await expect.poll(made.held).toBe(1);
  await asked(service, `${inbound}-held`, "held");
  made.letGo();
  await holding;
  for (const key of [`${inbound} 2`, `"${inbound}`, `${inbound},`, inbound.repeat(40)]) {
    await asked(service, key, "fine");
  }
  store.isDown = true;
  await asked(service, `${inbound}-down`, "fine");
  return statuses;
}

function expectNoKey(seen: Seen, errors: readonly unknown[], sent: readonly string[]): void {
  // Derived ones, each attempt's and each step's, and the one that was given.
  expect(new Set(sent).size).toBeGreaterThan(4);
  const secrets = [inbound, scope, outbound, ...sent];
  for (const text of [
    ...seen.channels,
    ...seen.stderr,
    ...seen.records,
    ...seen.answers,
    ...errors.map(shown),
  ]) {
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  }
}

/** That the channels, the errors and the records were there to be seen. */
function expectSeen(seen: Seen, errors: readonly unknown[]): void {
  expect(seen.events).toEqual(
    new Set([
      "claimed",
      "completed",
      "replayed",
      "mismatch",
      "in-flight",
      "released",
      "store-failed",
      "malformed",
    ]),
  );
  for (const word of ["attempts", "decision", "delivery", "event"]) {
    expect(seen.channels.join("\n")).toContain(word);
  }
  expect(errors.map(shown).join("\n")).toContain("attempts");
  expect(seen.records.length).toBeGreaterThan(10);
}

describe.each(frameworks)("%s", (_, start: Start) => {
  test("keys and scopes appear in no output", async () => {
    const [seen, made] = [new Seen(), await calls()];
    const store = seen.store();
    const gate = { idempotency: { store, scope: () => scope } };
    const service = await start({ gate, upstream: made.upstream, run: made.run });
    const statuses = await askAll(service, seen, store, made);
    expect(statuses).toEqual(new Set([200, 422, 502, 409, 400, 503]));
    expectSeen(seen, service.errors);
    expectNoKey(seen, service.errors, made.keys());
  });
});

test("keys and scopes do not appear on stderr, where the handler of node:http writes unhandled errors", async () => {
  const [seen, made] = [new Seen(), await calls()];
  const store = seen.store();
  const upstream = createUpstream(made.upstream);
  const listener = handler<BoundUpstream>(
    async (request, response) => {
      const translate = (error: unknown): unknown => listener.translate(error, request, response);
      const body = await made.run({ upstream: request.upstream, request, response, translate });
      response.end(body);
    },
    { upstream, idempotency: { store, scope: () => scope } },
  );
  onTestFinished(() => upstream.dispatcher.destroy());
  const origin = await listening(listener);
  await askAll({ origin, errors: [], close: async () => {} }, seen, store, made);
  for (const word of ["attempts", "The application's own", "connection lost"]) {
    expect(seen.stderr.join("\n")).toContain(word);
  }
  expectNoKey(seen, [], made.keys());
});
