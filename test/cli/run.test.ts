import { describe, expect, test } from "vitest";

import { freePort } from "../support/free-port.ts";
import { text } from "../repository/readme/markdown.ts";
import { cli, json } from "./run-cli.ts";

const commands = ["probe", "doctor", "config", "explain", "lab"];
const colour = /\u001b\[/;

describe("the help", () => {
  test("a command's help is printed by help and its name, too", async () => {
    expect(await cli(["help", "probe"])).toEqual(await cli(["probe", "--help"]));
    expect((await cli(["help", "prob"])).exitCode).toBe(2);
  });

  test.each([["--help"], ...commands.map((name) => [name, "--help"])])(
    "for %s %s fits a screen of 80 by 24",
    async (...args) => {
      const { exitCode, stdout, stderr } = await cli(args);
      expect([exitCode, stderr]).toEqual([0, ""]);
      const lines = stdout.trimEnd().split("\n");
      expect(lines.length).toBeLessThanOrEqual(24);
      expect(lines.filter((line) => line.length > 80)).toEqual([]);
      expect(stdout).toContain("Exit codes");
    },
  );

  test("lists every command, and is printed without a command", async () => {
    const { exitCode, stdout } = await cli([]);
    expect(exitCode).toBe(2);
    for (const name of commands) expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
  });

  test("for a command comes before its arguments are checked, but not after --", async () => {
    expect((await cli(["probe", "--nonsense", "--help"])).exitCode).toBe(0);
    expect((await cli(["doctor", "http://a", "--", "node", "--help"])).exitCode).toBe(2);
  });

  test("names every exit code of the page", async () => {
    const page = text("docs/cli.md");
    const codes = [...page.matchAll(/^\| (\d+) +\|/gm)].map(([, code]) => Number(code));
    expect(codes).toEqual([0, 1, 2, 3, 4, 5, 6, 70, 129, 130, 143]);
  });
});

test("the option --version prints the version of the package", async () => {
  const { version } = JSON.parse(text("packages/cli/package.json"));
  expect(await cli(["--version"])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: "" });
});

describe("wrong arguments", () => {
  test.each([
    [["prob"], "Did you mean probe?"],
    [["nothing"], "One of probe, doctor, config, explain, lab."],
    [["probe"], "The URL is missing."],
    [["probe", "localhost:3000"], "Did you mean http://localhost:3000?"],
    [["probe", "ftp://localhost"], "not a URL of http or https"],
    [["probe", "http://user:secret@localhost"], "must not hold a user or a password"],
    [["probe", "http://a", "http://b"], "One URL at a time"],
    [["probe", "http://a", "--max-idel", "3s"], "Did you mean --max-idle?"],
    [["probe", "http://a", "--max-idle"], "'--max-idle <value>' argument missing"],
    [["probe", "http://a", "--max-idle", "soon"], "must be a duration"],
    [["probe", "http://a", "--max-idle", "0"], "must be a duration"],
    [["probe", "http://a", "--max-idle", "25h"], "must be a duration"],
    [["probe", "http://a", "--connections", "1"], "from 2 to 32"],
    [["probe", "http://a", "--max-requests", "1e3"], "from 1 to 1000"],
    [["probe", "http://a", "--method", "POST"], "one of GET, HEAD, OPTIONS"],
    [["probe", "http://a", "--path", "health"], "must begin with /"],
    [["probe", "http://a", "--path", "/a\r\nx: y"], "must begin with /"],
    [["probe", "https://a", "--ca", "/nowhere.pem"], "--ca cannot be read"],
    [["doctor", "http://a"], "--behind is missing"],
    [["doctor", "http://a", "--behind", "alb"], "Did you mean aws-alb?"],
    [["doctor", "http://a", "--behind", "__proto__"], "does not know"],
    [["config"], "A name is missing"],
    [["config", "ngin"], "Did you mean nginx?"],
    [["config", "toString"], "There is no configuration"],
    [["lab", "now"], "one argument too many"],
    [["lab", "--host", "0.0.0.0"], "must be 127.0.0.1"],
    [["lab", "--port", "http"], "from 0 to 65535"],
    [["explain"], "is missing"],
    [["explain", "missing.json"], "There is no file missing.json"],
  ])("are explained: %j", async (args, message) => {
    const { exitCode, stdout, stderr } = await cli(args);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n {4}at /);
  });

  test("are reported as JSON too", async () => {
    const { exitCode, result } = await json(["probe", "localhost"]);
    expect([exitCode, result.error.exitCode]).toEqual([2, 2]);
    expect(result.error.message).toContain('"localhost" is not a URL');
  });
});

describe("colours", () => {
  test("are shown on a terminal", async () => {
    expect((await cli(["explain", "ECONNRESET"], { isTerminal: true })).stdout).toMatch(colour);
  });

  test.each([
    ["in a pipe", {}],
    ["with NO_COLOR", { isTerminal: true, env: { NO_COLOR: "1" } }],
  ])("are not shown %s", async (_name, surroundings) => {
    expect((await cli(["explain", "ECONNRESET"], surroundings)).stdout).not.toMatch(colour);
  });

  test("are never shown in JSON", async () => {
    const { stdout } = await cli(["explain", "ECONNRESET", "--json"], { isTerminal: true });
    expect(stdout).not.toMatch(colour);
    expect(JSON.parse(stdout)).toHaveLength(1);
  });
});

test("explain reads stdin, and says if it recognises nothing", async () => {
  const stdin = '{"err":{"message":"socket hang up","code":"ECONNRESET"}}\n';
  for (const args of [["explain", "-"], ["explain"]]) {
    const { exitCode, result } = await json(args, { stdin });
    expect([exitCode, result[0].delivery]).toEqual([0, "unknown"]);
  }
  const { exitCode, stdout, stderr } = await cli(["explain", "hello"]);
  expect([exitCode, stdout]).toEqual([1, ""]);
  expect(stderr).toContain("Nothing that Reissue knows");
});

test("explain reads a file", async () => {
  const { exitCode, result } = await json(["explain", "test/corpus/error-shapes.jsonl"]);
  expect([exitCode, result.length]).toEqual([0, 20]);
});

test("a server that cannot be reached is reported with its exit code, also as JSON", async () => {
  const { exitCode, result, stderr } = await json([
    "probe",
    `http://127.0.0.1:${await freePort()}`,
  ]);
  expect([exitCode, result.error.exitCode]).toEqual([3, 3]);
  expect(stderr).toContain("connection refused");
});
