import { getEventListeners } from "node:events";
import { setImmediate } from "node:timers/promises";
import { manualClock } from "@reissue/testing";
import { describe, expect, test, vi } from "vitest";

import { opened } from "../../testing/opened.ts";
import { moments } from "../../support/upstream/abort-moment.ts";
import { client } from "../../support/upstream/client.ts";

const reason = new Error("not needed any more");

describe.each(["upstream()", "upstream.request()", "an inbound request"])(
  "an abort by the signal of %s",
  (way) => {
    test.each(moments)("ends a call at once and leaves nothing behind: $name", async (moment) => {
      const clock = manualClock();
      const upstream = client({ clock, connections: 1 });
      const scene = await moment.stage(clock, upstream);
      const before = { timers: clock.pending, open: scene.open() };
      const controller = new AbortController();
      const { signal } = controller;
      let got = 0;
      const read = (text: Promise<string>): Promise<string> => (got++, text);
      const call =
        way === "upstream()"
          ? upstream(scene.origin, { signal }).then((response) => read(response.text()))
          : way === "upstream.request()"
            ? upstream.request(scene.origin, { signal }).then(({ body }) => read(body.text()))
            : upstream
                .bind({ signal })
                .request(scene.origin)
                .then(({ body }) => read(body.text()));
      const ended = call.then(
        (text) => ({ text }),
        (error: unknown) => error,
      );
      await scene.reached();
      if (moment.answered) await vi.waitFor(() => expect(got).toBe(1), { interval: 2 });
      await setImmediate();
      controller.abort(reason);
      expect(await ended).toBe(reason);
      expect(clock.pending).toBe(before.timers);
      expect(getEventListeners(signal, "abort")).toEqual([]);
      const left = before.open + moment.keeps;
      await vi.waitFor(() => expect(scene.open()).toBe(left), { interval: 5 });
    });
  },
);

describe("an abort before the call", () => {
  test.each(["upstream()", "upstream.request()"])("lets %s send nothing", async (way) => {
    const clock = manualClock();
    const upstream = client({ clock });
    const server = await opened();
    const signal = AbortSignal.abort(reason);
    const call =
      way === "upstream()"
        ? upstream(server.origin, { signal })
        : upstream.request(server.origin, { signal });
    await expect(call).rejects.toBe(reason);
    await expect(upstream.bind({ signal }).request(server.origin)).rejects.toBe(reason);
    expect([clock.pending, server.connections]).toEqual([0, 0]);
    await upstream.close();
  });
});

test("an abort in a body factory ends the call, and the connection stays usable", async () => {
  const clock = manualClock();
  const upstream = client({ clock });
  const server = await opened();
  await (await upstream(server.origin)).text();
  const controller = new AbortController();
  const { signal } = controller;
  const body = (): string => {
    controller.abort(reason);
    return "late";
  };
  await expect(upstream.request(server.origin, { method: "PUT", body, signal })).rejects.toBe(
    reason,
  );
  expect(clock.pending).toBe(0);
  await (await upstream(server.origin)).text();
  expect(server.requests.map(({ method }) => method)).toEqual(["GET", "GET"]);
});

test("an error of a body factory is given to the caller, and the connection is kept", async () => {
  const clock = manualClock();
  const upstream = client({ clock });
  const server = await opened();
  await (await upstream(server.origin)).text();
  const body = (): never => {
    throw reason;
  };
  await expect(upstream.request(server.origin, { method: "PUT", body })).rejects.toBe(reason);
  expect(clock.pending).toBe(0);
  await (await upstream(server.origin)).text();
  expect(server.connections).toBe(1);
  expect(server.requests).toHaveLength(2);
});

test("an unsafe call is not aborted with its inbound request", async () => {
  const server = await opened({ faults: [{ fault: "slow", everyMs: 5 }] });
  const controller = new AbortController();
  const bound = client().bind({ signal: controller.signal });
  const post = bound.request(server.origin, { method: "POST", body: "a" });
  const get = bound.request(server.origin);
  await server.until(({ heads }) => heads === 2);
  controller.abort(reason);
  await expect(get).rejects.toBe(reason);
  expect(await (await post).body.text()).toBe("ok");
  expect(getEventListeners(controller.signal, "abort")).toEqual([]);
});

test("a long-lived inbound signal gathers no listeners", async () => {
  const server = await opened();
  const { signal } = new AbortController();
  const bound = client().bind({ signal });
  for (let round = 0; round < 20; round += 1) {
    await (await bound(server.origin)).text();
    await (await bound.request(server.origin)).body.text();
  }
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

// Undici's callers take a falsy error for none, and would be given an empty answer.
describe.each([null, 0, ""])("an abort with the falsy reason %j", (none) => {
  test("ends the call before it begins", async () => {
    const server = await opened();
    const bound = client().bind({ signal: AbortSignal.abort(none) });
    await expect(bound.request(server.origin)).rejects.toThrow("aborted");
    expect(server.connections).toBe(0);
  });

  test.each(moments.filter(({ answered }) => !answered))(
    "ends the call in this moment: $name",
    async (moment) => {
      const clock = manualClock();
      const upstream = client({ clock, connections: 1 });
      const scene = await moment.stage(clock, upstream);
      const before = { timers: clock.pending, open: scene.open() };
      const controller = new AbortController();
      const ended = upstream
        .bind({ signal: controller.signal })
        .request(scene.origin)
        .catch((error: unknown) => error);
      await scene.reached();
      await setImmediate();
      controller.abort(none);
      expect(await ended).toMatchObject({ code: "UND_ERR_ABORTED" });
      expect(clock.pending).toBe(before.timers);
      await vi.waitFor(() => expect(scene.open()).toBe(before.open + moment.keeps), {
        interval: 5,
      });
    },
  );
});

test("a body factory that throws undefined fails the call", async () => {
  const server = await opened();
  const body = (): never => {
    throw undefined;
  };
  const call = client().request(server.origin, { method: "PUT", body });
  await expect(call).rejects.toThrow("aborted");
  expect(server.requests).toEqual([]);
});
