import { spawn } from "node:child_process";
import { once } from "node:events";

import { expect, onTestFinished, test } from "vitest";

import { times } from "../../support/test-size.ts";

const lab = new URL("../../../examples/race-lab/main.js", import.meta.url).pathname;

test("every client has its rows, and Reissue loses and repeats nothing that it can avoid", async () => {
  const { output, code } = await run(["--seconds", "3"]).ended;
  expect(code).toBe(0);
  expect(output).toContain("load: 100 %\n");
  const rows = new Map<string, string[]>();
  let client = "";
  for (const line of output.split("\n")) {
    const [, name = "", call] = /^(\S.*?)? +(GET|POST|POST \+ key) +(?=\d)/.exec(line) ?? [];
    if (call === undefined) continue;
    if (name !== "") client = name;
    rows.set(
      `${client} ${call}`,
      line
        .slice(line.indexOf(call) + call.length)
        .trim()
        .split(/ {2,}/),
    );
  }
  const clients = ["fetch", "http.Agent", "fetch, 4 tries", "Reissue"];
  const calls = ["GET", "POST", "POST + key"];
  expect([...rows.keys()]).toEqual(
    clients.flatMap((name) => calls.map((call) => `${name} ${call}`)),
  );

  const requests = rows.get("Reissue GET")?.[0];
  expect(Number(requests)).toBeGreaterThan(50);
  for (const name of clients) expect(rows.get(`${name} GET`)?.[0]).toBe(requests);

  expect(rows.get("Reissue GET")?.slice(1, 4)).toEqual(["0", "0.0 %", "–"]);
  expect(rows.get("Reissue POST + key")?.slice(1, 4)).toEqual(["0", "0.0 %", "0"]);
  const [, lost, , ...rest] = rows.get("Reissue POST") ?? [];
  expect(rest[Number(lost) > 0 ? 1 : 0]).toBe("0");
}, 90_000);

test("unchanged services lose nothing that may be sent again, once they are started with register", async () => {
  const { output, code } = await run(["--register", "--seconds", String(times(1, 2))]).ended;
  expect(code).toBe(0);
  for (const name of ["axios", "got", "fetch", "aws"]) {
    expect(output).toMatch(new RegExp(`^${name} \\+ register +GET +\\d+ +0 +0\\.0 %`, "m"));
  }
  expect(output).toMatch(/and 0 with it; 0 requests were done twice/);
}, 90_000);

test.each([
  ["SIGINT", ["--seconds", "8"], 130, "load: 20 %"],
  ["SIGTERM", ["--serve"], 0, "Ctrl-C ends everything"],
] as const)(
  "%s ends the laboratory and everything that it started, with %o",
  async (signal, options, code, words) => {
    const demo = run(options);
    await demo.said(words);
    demo.child.kill(signal);
    expect((await demo.ended).code).toBe(code);
  },
);

test("a signal during the start ends the laboratory too", async () => {
  const demo = run(["--seconds", "8"]);
  // real time: the processes of the demo must be half started
  await new Promise((resolve) => setTimeout(resolve, 450));
  demo.child.kill("SIGTERM");
  const { output, code } = await demo.ended;
  expect(output).not.toContain("Error");
  // Without a number if the signal was first.
  expect([143, null]).toContain(code);
});

test.each([
  [["--seconds", "x"], '--seconds must be an integer from 1 to 600, got "x"'],
  [["--seed=-1"], '--seed must be an integer from 0 to 2147483647, got "-1"'],
  [["--port", "http"], '--port must be an integer from 0 to 65535, got "http"'],
  [["--sevre"], "Unknown option '--sevre'"],
  [["serve"], "Unexpected argument 'serve'"],
])("the arguments %o are refused with the usage", async (options, problem) => {
  const { output, code } = await run(options).ended;
  expect(code).toBe(2);
  expect(output.slice(0, problem.length)).toBe(problem);
  expect(output).toContain("Usage: npm run demo -- [--seconds 15] [--seed 1]");
});

test("the demo serves the laboratory to a browser, on loopback", async () => {
  const demo = run(["--serve"]);
  const output = await demo.said("Ctrl-C ends everything");
  const [url = ""] = /http:\S+/.exec(output) ?? [];
  expect(new URL(url).hostname).toBe("127.0.0.1");
  expect(await (await fetch(url)).text()).toContain("<h1>The keep-alive race, live</h1>");
  demo.child.kill();
  expect((await demo.ended).code).toBe(0);
});

/** The laboratory in a process of its own. */
function run(options: readonly string[]) {
  const child = spawn(process.execPath, [lab, ...options], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  return {
    child,
    said: (words: string) =>
      expect
        .poll(() => output, { timeout: 20_000 })
        .toContain(words)
        .then(() => output),
    // "close" comes when nobody holds the pipes any more: every process that was started has inherited one.
    ended: once(child, "close").then(([code]) => ({ output, code: code as number | null })),
  };
}
