import { expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { client } from "../../support/upstream/client.ts";

test.each<[object, string]>([
  [{ timeoutMs: 5 }, "bind.timeoutMs is not an option"],
  [{ deadline: 5 }, "bind.deadline is not an option; did you mean bind.deadlineMs?"],
  [{ deadlineMs: "5s" }, "bind.deadlineMs must be an instant of performance.now(), got"],
  [{ deadlineMs: Number.NaN }, "bind.deadlineMs must be an instant"],
  [{ signal: new AbortController() }, "bind.signal must be an AbortSignal, got"],
  [{ retryOn: ["EPIPE"] }, "bind.retryOn[0] must be one of"],
])("bind refuses %o", (inbound, message) => {
  expect(() => client().bind(inbound)).toThrow(message);
});

test("bind takes the conditions of a route, by each of their names", async () => {
  for (const name of ["ECONNRESET", "reset"]) {
    const orders = await opened({ faults: [{ fault: "reset", on: "reused", times: 1 }] });
    const upstream = client().bind({ retryOn: [name as "reset"] });
    for (const _again of [1, 2]) {
      const { body } = await upstream.request(orders.origin, { method: "POST" });
      await body.dump();
    }
    expect(orders.requests).toHaveLength(3);
  }
});
