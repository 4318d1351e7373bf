import type { Fault } from "@reissue/testing";
import { describe, expect, test } from "vitest";

import { fetchClients } from "../support/clients/fetch-clients.ts";
import { orderServer } from "../support/clients/order-server.ts";
import { clientOf, type Line } from "../support/clients/page-client.ts";
import { rows } from "../support/clients/page-code.ts";
import { client } from "../support/upstream/client.ts";

const table = rows("docs/clients.md", "| GET, always 503");

/** How often a client sends a request that always fails. */
async function sends(name: string, method: "get" | "post", fault: Fault, line: Line) {
  const upstream = client({ retry: { backOff: { baseMs: 1 }, budget: { minPerSecond: 1000 } } });
  const server = await orderServer([fault]);
  const ours = await clientOf(name, server.origin, upstream, line);
  // Some give a response of 503 as they give any other.
  await fetchClients[name]![method](ours).catch(() => {});
  return server.requests.length;
}

/** How often a GET that always gets 503, and a POST whose connection always dies, are sent. */
function counts(name: string, line: Line = {}): Promise<[get: number, post: number]> {
  const unavailable = { fault: "status", status: 503, body: "{}" } as const;
  return Promise.all([
    sends(name, "get", unavailable, line),
    sends(name, "post", { fault: "reset", when: "after-processing" }, line),
  ]);
}

// real time: the clients' own back-offs cannot be given a clock; all of them run at once.
test("the retries of clients multiply as docs/clients.md says, and its settings switch them off", async () => {
  const measured = await Promise.all(
    [...table.keys()].map(async (name) => {
      const setting = table.get(name)![2]!.slice(1, -1);
      const without = (code: string): string => {
        expect(code).toContain(setting);
        return code.replace(`${setting},`, "").replace(setting, "");
      };
      const [byDefault, asSet] = await Promise.all([counts(name, { edit: without }), counts(name)]);
      return [name, byDefault.map((count, index) => `${count} → ${asSet[index]}`)] as const;
    }),
  );
  const stated = [...table].map(([name, cells]) => [name, cells.slice(0, 2)]);
  expect(measured).toEqual(stated);
});

const unlisted = Object.keys(fetchClients).filter(
  (name) => !table.has(name) && fetchClients[name]!.variant === undefined,
);

describe("a client without retries of its own", () => {
  test.each(unlisted)(
    "is %s: a GET that gets a 503 is sent three times, and a POST that dies is sent once",
    async (name) => {
      expect(await counts(name)).toEqual([3, 1]);
    },
  );
});
