import { classify, isReissueError } from "@reissue/core";
import { headerValue, manualClock } from "@reissue/testing";
import { describe, expect, test } from "vitest";

import { fetchClients } from "../support/clients/fetch-clients.ts";
import { lost, orderServer, sends } from "../support/clients/order-server.ts";
import { clientIn, clientOf, table } from "../support/clients/page-client.ts";
import { listening } from "../support/listen.ts";
import { client } from "../support/upstream/client.ts";

test("every client of the page that takes a fetch function is tested", () => {
  const sections = Object.entries(fetchClients).filter(([, { variant }]) => variant === undefined);
  expect([...table.keys()]).toEqual(sections.map(([name]) => name));
});

describe.each(Object.entries(fetchClients))("%s, as docs/clients.md has it", (given, driver) => {
  const name = driver.variant?.of ?? given;
  const line = { edit: driver.variant?.edit };
  test("reads the response to a GET that is lost on a reused connection and sent twice", async () => {
    const server = await orderServer();
    const ours = await clientOf(name, server.origin, client({ clock: manualClock() }), line);
    server.script([null, lost]);
    expect(await driver.get(ours)).toMatchObject({ id: 42 });
    expect(await driver.get(ours)).toMatchObject({ id: 42 });
    expect(sends(server)).toEqual(["GET", "GET lost", "GET"]);
  });

  test("does the same in a handler, and ends with its request", async () => {
    const server = await orderServer();
    const inbound = new AbortController();
    const upstream = client({ clock: manualClock() });
    const ours = await clientIn(name, server.origin, upstream, { signal: inbound.signal }, line);
    server.script([null, lost, null, { fault: "hang" }]);
    await driver.get(ours);
    await driver.get(ours);
    expect(sends(server)).toEqual(["GET", "GET lost", "GET"]);
    const left = driver.get(ours).catch((error: unknown) => error);
    await server.until(({ heads }) => heads === 4);
    inbound.abort();
    expect(await left).toBeInstanceOf(Error);
  });

  test("processes a POST with a key once, though it is sent twice", async () => {
    const server = await orderServer();
    const upstream = client({ clock: manualClock() });
    const ours = await clientOf(name, server.origin, upstream, { ...line, block: driver.keyed });
    server.script([null, lost]);
    await driver.get(ours);
    const headers = { "idempotency-key": "a-key" };
    expect(await driver.post(ours, { headers })).toMatchObject({ id: 42 });
    expect(sends(server)).toEqual(["GET", "POST lost", "POST"]);
    const keys = server.requests
      .slice(1)
      .map((request) => headerValue(request.headers, "idempotency-key"));
    expect(keys).toEqual(["a-key", "a-key"]);
  });

  test.skipIf(driver.upload === undefined)("sends a form with a key again as a whole", async () => {
    const server = await orderServer();
    const upstream = client({ clock: manualClock() });
    const ours = await clientOf(name, server.origin, upstream, line);
    server.script([null, { fault: "reset", at: "body-end" }]);
    await driver.get(ours);
    const form = new FormData();
    form.set("file", new Blob(["x".repeat(100_000)]), "order.txt");
    await driver.upload!(ours, form, { headers: { "idempotency-key": "a-key" } });
    const [, lost, again] = server.requests;
    expect(again).toMatchObject({ method: "POST", whole: true, bodySha256: lost!.bodySha256 });
    expect(again!.bodyBytes).toBeGreaterThan(100_000);
  });

  test("sends a plain POST once, and its error says what is known", async () => {
    const server = await orderServer();
    const clock = manualClock();
    const upstream = client({ clock, retry: { maxAttempts: 1 } });
    const ours = await clientOf(name, server.origin, upstream, line);
    // Stripe's have a key: only a fresh connection's death is left of what is not sent again.
    server.script(driver.keysPosts === true ? [lost] : [null, lost]);
    if (driver.keysPosts !== true) await driver.get(ours);
    // A connection that came back within the last millisecond is spared for what cannot be resent.
    await clock.advance(5);
    const error: any = await driver.post(ours).catch((thrown: unknown) => thrown);
    expect(server.requests.filter(({ method }) => method === "POST")).toHaveLength(1);
    expect(error).toBeInstanceOf(Error);
    if (driver.error !== undefined) expect(error.constructor.name).toBe(driver.error);
    const place = table.get(name)![1]!.slice(1, -1).split(".").slice(1);
    const own = place.reduce<any>((value, key) => value[key], error);
    expect(isReissueError(own)).toBe(true);
    const expected = driver.keysPosts === true ? "unknown" : "stale";
    expect(own).toMatchObject({ delivery: expected });
    expect(classify(error)).toMatchObject({ kind: "reset", delivery: expected });
  });

  test.skipIf(driver.step === undefined)("passes a step on, for a derived key", async () => {
    const server = await orderServer();
    const upstream = client({ origins: { [server.origin]: { idempotencyKey: "derive" } } });
    const ours = await clientOf(name, server.origin, upstream.bind({}), line);
    await expect(driver.post(ours)).rejects.toThrow();
    expect(server.received).toBe(0);
    await driver.step!(ours, "cancel");
    expect(headerValue(server.requests[0]!.headers, "idempotency-key")).not.toBeNull();
  });

  test.skipIf(name === "stripe")("ends with its own signal", async () => {
    const server = await orderServer();
    const ours = await clientOf(name, server.origin, client(), line);
    server.script([{ fault: "hang" }]);
    const controller = new AbortController();
    const left = driver.get(ours, { signal: controller.signal }).catch((error: unknown) => error);
    await server.until(({ heads }) => heads === 1);
    controller.abort();
    expect(await left).toBeInstanceOf(Error);
    await server.until(({ open }) => open === 0);
  });

  test.skipIf(driver.stream === undefined)("gets a response as it arrives", async () => {
    let finish = (): void => {};
    const origin = await listening((_request, response) => {
      response.write("one ");
      finish = () => response.end("two");
    });
    const ours = await clientOf(name, origin, client(), line);
    let text = "";
    for await (const chunk of await driver.stream!(ours)) {
      text += Buffer.from(chunk as Uint8Array).toString();
      finish();
    }
    expect(text).toBe("one two");
  });
});
