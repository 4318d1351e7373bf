import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import type { AdapterCase } from "./adapter-case.ts";
import { serving, until, type KeyedServiceOptions } from "./keyed-service.ts";

/** Cases about which requests are duplicates, and about those that arrive while the first one runs. */
export const duplicateCases: readonly AdapterCase[] = [
  {
    name: "of concurrent duplicates one runs, and the others get 409 with Retry-After",
    async run(harness) {
      let refused = 0;
      const run = async (_call: unknown, number: number): Promise<string> => {
        await until("seven are refused", () => refused === 7);
        return `run ${number}`;
      };
      await serving(harness, { run }, async (service) => {
        const calls = Array.from({ length: 8 }, async () => {
          const response = await service.post();
          if (response.status === 409) refused += 1;
          return response;
        });
        const responses = await Promise.all(calls);
        const statuses = responses.map(({ status }) => status).toSorted((a, b) => a - b);
        assert.deepEqual(statuses, [200, ...Array<number>(7).fill(409)]);
        const busy = responses.find(({ status }) => status === 409);
        assert.equal(busy?.headers.get("retry-after"), "1");
        assert.equal(busy?.headers.get("x-should-retry"), "true");
        assert.equal(service.runs, 1);
        const { status, replayed, text } = await service.post();
        assert.deepEqual([status, replayed, text], [200, true, "run 1"]);
      });
    },
  },
  {
    name: "duplicates wait for the first response where the options say so",
    async run(harness) {
      const run = async (): Promise<string> => {
        await sleep(100);
        return "once";
      };
      await serving(harness, { run, idempotency: { waitMs: 5000 } }, async (service) => {
        const responses = await Promise.all(Array.from({ length: 8 }, () => service.post()));
        assert.deepEqual(
          responses.map(({ text }) => text),
          Array(8).fill("once"),
        );
        assert.equal(responses.filter(({ replayed }) => replayed).length, 7);
        assert.equal(service.runs, 1);
      });
    },
  },
  {
    name: "a key with another body, path or type is refused, and changes nothing",
    async run(harness) {
      await serving(harness, { run: () => "first" }, async (service) => {
        await service.post();
        const others = [
          { body: "pay more" },
          { path: "/refunds" },
          { path: "/payments?twice" },
          { headers: { "content-type": "application/x-pay" } },
        ];
        for (const other of others) {
          const refused = await service.post(other);
          const actual = [refused.status, refused.headers.get("x-should-retry")];
          assert.deepEqual(actual, [422, "false"]);
        }
        const { status, replayed, text } = await service.post();
        assert.deepEqual([status, replayed, text], [200, true, "first"]);
        assert.equal(service.runs, 1);
      });
    },
  },
  {
    name: "two callers with the same key and body do not get each other's responses",
    async run(harness) {
      const options: KeyedServiceOptions = {
        idempotency: { scope: ({ headers }) => headers.authorization ?? "" },
        run({ request, response }) {
          response.setHeader("set-cookie", `session=${request.headers.authorization}`);
          return `for ${request.headers.authorization}`;
        },
      };
      await serving(harness, options, async (service) => {
        for (const replayed of [false, true]) {
          for (const authorization of ["ann", "bob"]) {
            const response = await service.post({ headers: { authorization } });
            const actual = [response.text, response.replayed];
            assert.deepEqual(actual, [`for ${authorization}`, replayed]);
            if (replayed) assert.equal(response.headers.get("set-cookie"), null);
          }
        }
        assert.equal(service.runs, 2);
      });
    },
  },
  {
    name: "a key is the same with and without quotes; without its closing quote it is malformed",
    async run(harness) {
      await serving(harness, {}, async (service) => {
        await service.post();
        assert.equal((await service.post({ key: `"${service.key}"` })).replayed, true);
        assert.equal((await service.post({ key: `"${service.key}` })).status, 400);
        assert.equal(service.runs, 1);
      });
    },
  },
  {
    name: "an unknown header of the client's does not matter",
    async run(harness) {
      await serving(harness, {}, async (service) => {
        const headers = { "x-hit": "true", "idempotent-replayed": "true" };
        const { status, replayed } = await service.post({ headers });
        assert.deepEqual([status, replayed, service.runs], [200, false, 1]);
      });
    },
  },
  {
    name: "a body that is too large is refused before the handler runs",
    async run(harness) {
      await serving(harness, { idempotency: { maxBodyBytes: 10 } }, async (service) => {
        assert.equal((await service.post({ body: "x".repeat(11) })).status, 413);
        assert.equal((await service.post({ body: "x".repeat(10) })).status, 200);
        assert.equal(service.runs, 1);
      });
    },
  },
];
