import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { faultyUpstream } from "@reissue/testing";
import { describe, expect, onTestFinished, test } from "vitest";

import { startService } from "../support/register-service.ts";

const preload = fileURLToPath(import.meta.resolve("@reissue/register"));

/** What a process says that is started with the package, in a directory of its own. */
function said(
  code: string,
  {
    env = {},
    files = {},
    before = [],
  }: {
    readonly env?: Readonly<Record<string, string>>;
    readonly files?: Readonly<Record<string, string>>;
    readonly before?: readonly string[];
  } = {},
) {
  const cwd = mkdtempSync(join(tmpdir(), "reissue-register-"));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  const args = [...before, "--no-warnings", "--import", preload, "--input-type=module", "-e", code];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    cwd,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], ...env },
  });
  return { stdout, stderr, status };
}

describe("register at its start", () => {
  test("reports once what it did, and for which versions", () => {
    const { stderr } = said('await import("@reissue/register").catch(() => {})');
    expect(stderr).toMatch(
      /^Reissue \S+ is on for http\.globalAgent, https\.globalAgent, http\.Agent, https\.Agent, fetch \(undici \S+\), Node \d+\.\d+\.\d+\n$/,
    );
    expect(stderr).toContain(process.versions.node);
  });

  test("reports nothing in a worker thread", () => {
    const code = `import { Worker } from "node:worker_threads"; new Worker("", { eval: true })`;
    expect(said(code).stderr.split("\n")).toHaveLength(2);
  });

  test.each([
    ["REISSUE_DISABLE", { REISSUE_DISABLE: "1" }],
    ["REISSUE_QUIET", { REISSUE_QUIET: "1" }],
  ])("reports nothing under %s", (_, env) => {
    expect(said("", { env })).toEqual({ stdout: "", stderr: "", status: 0 });
  });
});

test("REISSUE_DISABLE leaves everything as it is", () => {
  const code = `import http from "node:http"; console.log(Object.getPrototypeOf(http.globalAgent) === http.Agent.prototype)`;
  expect(said(code, { env: { REISSUE_DISABLE: "1" } }).stdout).toBe("true\n");
  expect(said(code).stdout).toBe("false\n");
});

describe("a wrong setting", () => {
  test.each<[string, string, Parameters<typeof said>[1]]>([
    ["a variable that is no number", "REISSUE_IDLE_MS must", { env: { REISSUE_IDLE_MS: "4s" } }],
    ["a variable out of bounds", "idleMs must", { env: { REISSUE_IDLE_MS: "-1" } }],
    ["an attempt too few", "retry.maxAttempts must", { env: { REISSUE_MAX_ATTEMPTS: "0" } }],
    ["a file that is not there", "REISSUE_CONFIG names", { env: { REISSUE_CONFIG: "none.json" } }],
    ["a file that is no JSON", "cannot be read", { files: { "reissue.config.json": "{" } }],
    [
      "an unknown section",
      ".agents is not an option",
      { files: { "reissue.config.json": '{"agents":{}}' } },
    ],
    [
      "an unknown option",
      "idle is not an option",
      { files: { "reissue.config.js": "export default { agent: { idle: 1 } }" } },
    ],
    [
      "a wrong option of fetch's client",
      "connections must",
      { files: { "reissue.config.json": '{"upstream":{"connections":0}}' } },
    ],
  ])("switches register off and is named, and the process goes on: %s", (_, problem, setting) => {
    const code = `import http from "node:http"; console.log(Object.getPrototypeOf(http.globalAgent) === http.Agent.prototype)`;
    const { stdout, stderr, status } = said(code, setting);
    expect(stderr).toContain("is off: ");
    expect(stderr).toContain(problem);
    expect(stdout).toBe("true\n");
    expect(status).toBe(0);
  });
});

test("a variable that is probably misspelt is named", () => {
  expect(said("", { env: { REISSUE_IDLE: "3" } }).stderr).toContain("not an option: REISSUE_IDLE");
});

test("the file that was read is named", () => {
  const files = { "reissue.config.json": '{"agent":{"idleMs":3000}}' };
  expect(said("", { files }).stderr).toMatch(/settings of \S+reissue\.config\.json/);
});

test("a global dispatcher that was set before is left alone", () => {
  // Node 26 reads the second.
  const set = `for (const place of [1, 2])
    globalThis[Symbol.for("undici.globalDispatcher." + place)] = { dispatch() { throw new Error("mine"); } }`;
  const before = ["--import", `data:text/javascript,${encodeURIComponent(set)}`];
  const code = `await fetch("http://127.0.0.1:1234/").catch(({ cause, message }) => console.log(cause?.message ?? message))`;
  const { stdout, stderr } = said(code, { before });
  expect(stderr).toContain("is left alone: another dispatcher was set before");
  expect(stdout).toBe("mine\n");
});

test("agents stay the same for all code that creates, extends or asks for them", () => {
  const code = `
    import http, { Agent } from "node:http";
    import https from "node:https";
    import { createRequire } from "node:module";
    import { inherits } from "node:util";
    class Own extends http.Agent { constructor() { super({ maxSockets: 3 }); this.own = true; } }
    function Old() { http.Agent.call(this, { maxSockets: 2 }); }
    inherits(Old, http.Agent);
    const required = createRequire(import.meta.url)("http");
    console.log(JSON.stringify([
      Agent === http.Agent, required.Agent === http.Agent,
      new Agent() instanceof http.Agent, new https.Agent() instanceof http.Agent,
      http.globalAgent instanceof http.Agent,
      new Own().maxSockets, new Own() instanceof Agent, new Old().maxSockets, new Old() instanceof Agent,
      new Agent().keepAlive, new Agent({ keepAlive: true }).keepAlive, Agent.name,
    ]))`;
  const expected = [true, true, true, true, true, 3, true, 2, true, false, true, "Agent"];
  expect(JSON.parse(said(code).stdout)).toEqual(expected);
});

describe.each(["axios", "got", "fetch", "aws"])("an unchanged service with %s", (client) => {
  test("fails if the upstream closes under its GETs, and does not fail with the package", async () => {
    const upstream = await faultyUpstream({ honourKeys: true });
    onTestFinished(() => upstream.close());
    const failures: number[] = [];
    for (const execArgv of [[], ["--import", preload]]) {
      const service = await startService(client, upstream.origin, execArgv);
      await service.get("/read");
      upstream.setFaults([{ fault: "reset", on: "reused", when: "before-processing" }]);
      let failed = 0;
      for (let call = 0; call < 10; call += 1)
        failed += (await service.get("/read")) >= 500 ? 1 : 0;
      upstream.setFaults([]);
      failures.push(failed);
      service.stop();
    }
    expect(failures[0]).toBeGreaterThan(0);
    expect(failures[1]).toBe(0);
  });
});
