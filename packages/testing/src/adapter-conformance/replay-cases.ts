import assert from "node:assert/strict";
import { createReadStream } from "node:fs";

import type { AdapterCall, AdapterCase } from "./adapter-case.ts";
import { serving } from "./keyed-service.ts";
import { storeWith } from "./store-with.ts";

/** Cases about the parts of a response that are stored and replayed. */
export const replayCases: readonly AdapterCase[] = [
  replays("bytes", () => Buffer.from([0, 255, 128, 10, 13])),
  replays("nothing", ({ response }) => {
    response.end();
    return null;
  }),
  replays("null as JSON", ({ response }) => {
    response.setHeader("content-type", "application/json").end("null");
    return null;
  }),
  replays("a redirect", ({ response }) => {
    response.writeHead(303, { location: "/orders/1" }).end();
    return null;
  }),
  replays("a file", ({ response }) => {
    createReadStream(import.meta.filename).pipe(response.writeHead(200));
    return null;
  }),
  replays("an error of the client's", () => {
    throw Object.assign(new Error("Declined"), {
      // In the form of http-errors, which every framework accepts.
      status: 402,
      statusCode: 402,
      expose: true,
      headers: { "retry-after": "60" },
    });
  }),
  {
    name: "a response that is too large is not stored, and nothing runs again",
    async run(harness) {
      const options = { run: () => "x".repeat(2000), idempotency: { maxAnswerBytes: 1000 } };
      await serving(harness, options, async (service) => {
        assert.equal((await service.post()).body.length, 2000);
        const again = await service.post();
        const seen = [again.status, again.headers.get("x-should-retry")];
        assert.deepEqual(seen, [409, "false"]);
        assert.equal(service.runs, 1);
      });
    },
  },
  {
    name: "nothing secret is stored, and no key",
    async run(harness) {
      const stored: string[] = [];
      const store = storeWith(harness.store, {
        complete(token, response, retentionMs) {
          stored.push(JSON.stringify(token), Buffer.from(response).toString("latin1"));
          return harness.store.complete(token, response, retentionMs);
        },
      });
      const run = ({ response }: AdapterCall): string => {
        response.setHeader("set-cookie", "session=SECRET");
        response.setHeader("authorization", "SECRET");
        response.setHeader("x-other", "SECRET");
        return "done";
      };
      await serving(harness, { run, idempotency: { store } }, async (service) => {
        const headers = { authorization: "SECRET", cookie: "SECRET" };
        await service.post({ headers });
        assert.equal(stored.length, 2);
        assert.doesNotMatch(stored.join(""), new RegExp(`SECRET|${service.key}`));
      });
    },
  },
];

/** A response is replayed with its status, its bytes, and the headers that describe them. */
function replays(what: string, run: (call: AdapterCall) => unknown): AdapterCase {
  return {
    name: `replays ${what}`,
    async run(harness) {
      await serving(harness, { run }, async (service) => {
        const first = await service.post();
        const second = await service.post();
        assert.equal(second.replayed, true);
        assert.equal(second.status, first.status);
        assert.ok(second.body.equals(first.body), "The replay's bytes are others");
        for (const name of ["content-type", "location", "retry-after"]) {
          assert.equal(second.headers.get(name), first.headers.get(name));
        }
        assert.equal(service.runs, 1);
      });
    },
  };
}
