import { get, type ClientRequest } from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { faultyUpstream } from "@reissue/testing";
import { expect, onTestFinished, test } from "vitest";

import { agentWith } from "../support/agent/agents.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

test("a request that was sent again is not kept by later requests", async () => {
  const upstream = await faultyUpstream({ faults: [{ fault: "reset", on: "reused" }] });
  onTestFinished(() => upstream.close());
  const agent = agentWith();
  const requests: WeakRef<ClientRequest>[] = [];
  for (let number = 0; number < 20; number += 1) {
    requests.push(await gotten(`http://127.0.0.1:${upstream.port}/${number}`, agent));
  }
  for (let pass = 0; pass < 3; pass += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  expect(upstream.requests.length).toBeGreaterThan(30);
  // The last ones are held by what is about to end.
  const kept = requests.filter((request) => request.deref() !== undefined);
  expect(kept.length).toBeLessThan(4);
});

/** Reads a response, and returns the request without keeping it. */
function gotten(url: string, agent: Parameters<typeof get>[1]["agent"]) {
  return new Promise<WeakRef<ClientRequest>>((resolve, reject) => {
    const request = get(url, { agent }, (response) => {
      response.resume().on("end", () => resolve(new WeakRef(request)));
    }).on("error", reject);
  });
}
