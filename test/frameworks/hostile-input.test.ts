import createError from "http-errors";
import { describe, expect, test } from "vitest";

import { opened } from "../testing/opened.ts";
import { ask, askRaw } from "../support/request.ts";
import { frameworks, type Start } from "../support/frameworks/frameworks.ts";

function throwing(error: unknown): () => never {
  return () => {
    throw error;
  };
}

/** Errors whose headers no framework can send. */
const unsendable = Object.assign(new Error("x"), { headers: { "x-theirs": "a\r\nb: c" } });
const unnameable = Object.assign(new Error("x"), { status: 409, headers: { "a b": "c" } });

const cyclic = new Error("cyclic");
cyclic.cause = cyclic;
const getter = Object.defineProperty(new Error("getter"), "code", {
  get: throwing(new Error("no")),
});

const injection = "no\r\nset-cookie: session=theirs\r\n\r\nHTTP/1.1 200 OK";
const ofTransport = Object.assign(new Error(injection), {
  code: "ECONNREFUSED",
  syscall: "connect",
  headers: { "x-theirs": injection, "set-cookie": "session=theirs" },
});

/** What of an answer a client takes for its head. */
function headOf(answer: string): string {
  return answer.slice(0, answer.indexOf("\r\n\r\n")).toLowerCase();
}

describe.each(frameworks)("%s", (_, start: Start) => {
  test.each<[string, unknown]>([
    ["null", null],
    ["undefined", undefined],
    ["a string", "oops"],
    ["a frozen object", Object.freeze({})],
    ["a frozen error", Object.freeze(new Error("frozen"))],
    ["a cyclic cause", cyclic],
    ["a getter that throws", getter],
    ["headers that split the response", unsendable],
    ["a header that has no name", unnameable],
  ])("the service survives a handler that throws %s", async (_name, thrown) => {
    const service = await start({ run: async () => throwing(thrown)() });
    expect((await ask(service)).status).toBe(500);
    expect((await ask(service)).status).toBe(500);
  });

  test.each([
    ["repeated lines", "idempotency-key: a\r\nidempotency-key: b\r\n"],
    ["control characters", "idempotency-key: a\tb\r\n"],
    ["64 KiB", `idempotency-key: ${"k".repeat(65_536)}\r\n`],
  ])("the service refuses a key of %s", async (_name, lines) => {
    const service = await start({ run: () => "done" });
    const head = `POST / HTTP/1.1\r\nhost: x\r\n${lines}content-length: 0\r\nconnection: close\r\n\r\n`;
    // Above 16 KiB Node answers by itself, and from 24 on resets the connection before it has been read.
    const answer = await askRaw(service, head).catch(String);
    expect(answer).toMatch(/^HTTP\/1\.1 4(00|31) |ECONNRESET/);
    expect((await ask(service)).status).toBe(200);
  });

  test.each([
    ["an upstream's failure", ofTransport, "GET"],
    ["an upstream's failure", ofTransport, "POST"],
    ["a response of the application", createError(409, injection), "POST"],
  ])("the text of %s never becomes a header, %#", async (_name, error, method) => {
    for (const gate of [{}, { problemDetails: true, proxyStatus: "edge" }]) {
      const service = await start({ gate, run: throwing(error) });
      const bytes = `${method} / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`;
      const answer = await askRaw(service, bytes);
      expect(answer).toMatch(/^HTTP\/1\.1 (409|50[02]) /);
      expect(headOf(answer)).not.toMatch(/theirs|set-cookie/);
      if (error === ofTransport) expect(answer).not.toContain("theirs");
    }
  });

  test.each([
    ["a\r\nb", "must be a name"],
    ["", "must be a name"],
    ["stra\u00dfe", "must be a name"],
  ])("a gateway cannot be named %j", async (proxyStatus, problem) => {
    await expect(start({ gate: { proxyStatus }, run: () => "done" })).rejects.toThrow(problem);
  });

  test.each(["__proto__", "constructor", "toString"])("no option is named %s", async (name) => {
    const options = JSON.parse(`{"${name}":{"convert":"always"}}`) as Record<string, object>;
    const run = (): string => "done";
    await expect(start({ gate: options, run })).rejects.toThrow(name);
    const origins = { "http://orders": { routes: options } };
    await expect(start({ upstream: { origins: options }, run })).rejects.toThrow(name);
    await expect(start({ upstream: { origins }, run })).rejects.toThrow(name);
  });

  test.each(["__proto__", "constructor"])("a path of %s has no inherited options", async (name) => {
    const orders = await opened({ faults: [{ fault: "reset" }] });
    const routes = { [`POST /${name}`]: { retryOn: ["reset"], maxAttempts: 2 } } as const;
    const service = await start({
      upstream: { retry: { backOff: { baseMs: 0 } }, origins: { [orders.origin]: { routes } } },
      run: ({ upstream, request }) => upstream(orders.origin + request.url, { method: "POST" }),
    });
    const bytes = (path: string): string =>
      `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`;
    await askRaw(service, bytes("/other"));
    expect(orders.stats().heads).toBe(1);
    await askRaw(service, bytes(`/${name}`));
    expect(orders.stats().heads).toBe(3);
  });

  test.each([
    ["a b", 2],
    ['ab"c', 3],
    ['"abc', 5],
    ["a,b", 2],
    ["k".repeat(256), 256],
  ])("the response to the key %s names the position of the problem", async (key, character) => {
    const service = await start({ gate: { problemDetails: true }, run: () => "done" });
    const answer = await ask(service, { method: "POST", headers: { "idempotency-key": key } });
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    const problem = JSON.parse(answer.body) as Record<string, unknown>;
    expect(problem).toMatchObject({ type: "urn:reissue:key-malformed", status: 400 });
    expect(problem["detail"]).toContain(` at character ${character}: `);
    expect(problem["detail"]).not.toContain(key);
  });
});
