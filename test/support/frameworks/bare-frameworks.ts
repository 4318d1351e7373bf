import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";

import type { IdempotencyStore } from "@reissue/core";
import { memoryStore } from "@reissue/server";
import { expect, onTestFinished } from "vitest";

import { falsy, thrown } from "../../frameworks/errors/thrown-values.ts";

/** Throws what the request asks for, and notes what error handlers are given. */
export interface Thrower {
  /** Makes the value that a request names in `x-thrown`; what has been made last is `made`. */
  make(headers: { readonly [name: string]: unknown }): unknown;
  /** Notes what reached the application's own error handling. */
  tell(error: unknown): void;
}

/** An application of one framework that fails in one place; gives its origin. Without options it has no gate. */
export type Build = (thrower: Thrower, options: object | null) => Promise<string>;

/**
 * Fails an application in one place with every value, and compares what comes of it with the same application without
 * Reissue: status, headers, body, and what its own error handling was given. Nothing that failed is kept as a success.
 *
 * @param unanswered - Names of the values that the framework itself cannot respond to.
 * @param all - Names of the values that are thrown.
 */
export async function compareWithBare(
  build: Build,
  unanswered: readonly string[],
  all: readonly string[] = Object.keys(thrown),
): Promise<void> {
  const answered = all.filter((name) => !unanswered.includes(name));
  const store = memoryStore();
  const kept: string[] = [];
  let asked = "";
  const complete: typeof store.complete = (...args) => (kept.push(asked), store.complete(...args));
  const idempotency = { store: { ...bound(store), complete }, scope: "shared" };
  const gated = await outcomes(build, all, { idempotency }, (name) => (asked = name));
  const succeeded = kept.filter((name) => gated[name]?.startsWith("2"));
  expect(succeeded.filter((name) => !falsy.includes(name))).toEqual([]);
  for (const name of all.filter((each) => unanswered.includes(each))) {
    // A framework that takes it for no error goes on as if nothing had been thrown.
    const expected = expect.stringMatching(/^(500 |409 .*route's|200 .*never)/) as string;
    expect([name, gated[name]]).toEqual([name, expected]);
    delete gated[name];
  }
  expect(gated).toEqual(await outcomes(build, answered, null));
}

function bound(store: IdempotencyStore): IdempotencyStore {
  return {
    claim: (...args) => store.claim(...args),
    renew: (...args) => store.renew(...args),
    complete: (...args) => store.complete(...args),
    release: (...args) => store.release(...args),
  };
}

/** What comes of each value, by name. */
async function outcomes(
  build: Build,
  names: readonly string[],
  options: object | null,
  onAsk: (name: string) => void = () => {},
): Promise<Record<string, string>> {
  const told: string[] = [];
  let made: unknown;
  const thrower: Thrower = {
    make: (headers) => (made = thrown[String(headers["x-thrown"])]?.()),
    tell: (error) => void told.push(`${error === made ? "same" : "other"} ${shown(error)}`),
  };
  const origin = await build(thrower, options);
  const found: Record<string, string> = {};
  for (const name of names) {
    told.length = 0;
    onAsk(name);
    found[name] = [await ask(origin, name), ...told].join(", told ");
  }
  return found;
}

async function ask(origin: string, name: string): Promise<string> {
  const headers = { "x-thrown": name, "idempotency-key": name.replaceAll(/\W/g, "-") };
  const signal = AbortSignal.timeout(20_000);
  const response = await fetch(`${origin}/a`, { method: "POST", body: "x", headers, signal });
  const body = await response.text();
  const shownHeaders = ["content-type", "x-own"].map((header) => response.headers.get(header));
  return [response.status, ...shownHeaders, withoutStack(body)].join(" ");
}

/** A page of Express' shows where an error was made. */
function withoutStack(body: string): string {
  return body.replace(/<br>[^]*(?=<\/pre>)/, "");
}

function shown(error: unknown): string {
  try {
    const { name, message } = (error ?? {}) as Partial<Error>;
    return message === undefined ? inspect(error) : `${name}: ${message}`;
  } catch {
    return "what cannot be shown";
  }
}

/** Listens until the test ends. */
export async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  onTestFinished(() => server.close().closeAllConnections());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
