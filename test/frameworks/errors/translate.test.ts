import createError from "http-errors";
import { memoryStore } from "@reissue/server";
import { describe, expect, test } from "vitest";

import { frameworks, type Call } from "../../support/frameworks/frameworks.ts";
import { ask } from "../../support/request.ts";

const refused = Object.assign(new Error("connect ECONNREFUSED 10.0.0.7:3000"), {
  code: "ECONNREFUSED",
  syscall: "connect",
});

/** Responds to an error as a GraphQL server does, which passes none on. */
function respondTo(error: unknown, { translate, response }: Call): null {
  const translated = translate(error);
  if (!createError.isHttpError(translated)) response.writeHead(418).end(String(translated));
  else response.writeHead(translated.status, translated.headers).end(translated.message);
  return null;
}

describe.each(frameworks)("translate() in %s", (_framework, start) => {
  test.each([
    ["GET", 502, "true", "Bad Gateway"],
    ["POST", 500, "false", "Internal Server Error"],
  ])("says how to respond to a %s whose upstream has failed", async (method, ...expected) => {
    const service = await start({ run: (call) => respondTo(refused, call) });
    const { status, headers, body } = await ask(service, { method });
    expect([status, headers.get("x-should-retry"), body]).toEqual(expected);
    expect(service.errors).toEqual([]);
  });

  test("takes the options of the route", async () => {
    const route = { retryOn: ["ECONNRESET"] } as const;
    const service = await start({ route, run: (call) => respondTo(refused, call) });
    expect((await ask(service, { method: "POST" })).status).toBe(502);
  });

  test.each([
    ["an error of the application's", new TypeError("No such field")],
    ["one with a status", createError(404)],
    ["no error at all", "text"],
    ["undefined", undefined],
  ])("returns the same value for %s", async (_name, value) => {
    let translated: unknown = null;
    const service = await start({
      run({ translate }) {
        translated = translate(value);
        return "done";
      },
    });
    await ask(service);
    expect(translated).toBe(value);
  });

  test.each([
    ["not stored where an upstream has failed", refused, 2],
    ["stored where the error is the application's", new TypeError("No such field"), 1],
  ])("leaves a 200 with an error inside unchanged: %s", async (_name, error, expected) => {
    let runs = 0;
    const service = await start({
      gate: { idempotency: { store: memoryStore(), scope: "shared" } },
      run({ translate }) {
        runs += 1;
        return JSON.stringify({ errors: [String(translate(error))] });
      },
    });
    const post = { method: "POST", headers: { "idempotency-key": "a" }, body: "{}" };
    for (const _ of [1, 2]) expect((await ask(service, post)).status).toBe(200);
    expect(runs).toBe(expected);
  });
});
