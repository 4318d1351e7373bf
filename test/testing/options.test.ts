import { faultyUpstream, type FaultyUpstreamOptions } from "@reissue/testing";
import { expect, test } from "vitest";

test.each<[string, unknown]>([
  ["options.idleTimeout ", { idleTimeout: 300 }],
  ["options.seed ", { seed: "1" }],
  ["options.seed ", { seed: 1.5 }],
  ["options.port ", { port: 65_536 }],
  ["options.idleTimeoutMs ", { idleTimeoutMs: -1 }],
  ["options.idleTimeoutMs ", { idleTimeoutMs: Number.NaN }],
  ["options.idleClose ", { idleClose: "reset" }],
  ["options.maxRequests ", { maxRequests: -1 }],
  ["options.respond.statusCode ", { respond: { statusCode: 200 } }],
  ["options.respond.status ", { respond: { status: 99 } }],
  ["options.respond.body ", { respond: { body: {} } }],
  ["options.faults ", { faults: {} }],
  ["options.faults[0] ", { faults: ["reset"] }],
  ["options.faults[0].fault ", { faults: [{}] }],
  ["options.faults[0].fault ", { faults: [{ fault: "explode" }] }],
  [
    "options.faults[1].probability ",
    { faults: [{ fault: "reset" }, { fault: "end", probability: 2 }] },
  ],
  ["options.faults[0].on ", { faults: [{ fault: "reset", on: "idle" }] }],
  ["options.faults[0].when ", { faults: [{ fault: "reset", when: "before" }] }],
  ["options.faults[0].at ", { faults: [{ fault: "reset", at: "head", when: "after-processing" }] }],
  ["options.faults[0].with ", { faults: [{ fault: "reset", with: "rst" }] }],
  ["options.faults[0].with ", { faults: [{ fault: "cut-body", with: "RST" }] }],
  ["options.faults[0].times ", { faults: [{ fault: "reset", times: 0.5 }] }],
  ["options.faults[0].methods ", { faults: [{ fault: "reset", methods: "GET" }] }],
  ["options.faults[0].match ", { faults: [{ fault: "reset", match: /x/ }] }],
  ["options.faults[0].delayMs ", { faults: [{ fault: "reset", delayMs: Infinity }] }],
])("the option %s is named in the error", async (path, options) => {
  await expect(faultyUpstream(options as FaultyUpstreamOptions)).rejects.toThrow(path);
});

test("the options of a running upstream are checked too", async () => {
  const upstream = await faultyUpstream();
  try {
    expect(() => upstream.setFaults([{ fault: "reset", probability: -1 }])).toThrow(
      "faults[0].probability",
    );
    expect(() => upstream.script([null, { fault: "slow", chunkBytes: 0 }])).toThrow(
      "script[1].chunkBytes",
    );
    expect(() => upstream.setRespond({ delayMs: -1 })).toThrow("respond.delayMs");
    expect(() => upstream.restart({ downMs: -1 })).toThrow("options.downMs");
  } finally {
    await upstream.close();
  }
});
