import { spawn } from "node:child_process";
import { connect } from "node:net";
import { once } from "node:events";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { freePort } from "../../support/free-port.ts";
import { listening } from "../../support/listen.ts";
import { cli, json } from "../run-cli.ts";

const service = join(import.meta.dirname, "service.js");

/** Arguments for a service of the tests on a free port, behind a load balancer that keeps connections for 200 ms. */
async function argumentsFor(
  ending: string,
  keepAliveMs: number,
  idle = "200ms",
  more: readonly string[] = [],
) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const command = ["--", process.execPath, service, ending, String(keepAliveMs)];
  return { port, args: ["doctor", url, "--idle", idle, "--json", ...more, ...command] };
}

/** State of each check. */
async function states({ port, args }: { readonly port: number; readonly args: readonly string[] }) {
  const { exitCode, stdout, stderr } = await cli(args);
  const result = JSON.parse(stdout);
  const found = result.findings.map(({ check, state }: any) => [check, state]);
  return { port, exitCode, result, stderr, states: Object.fromEntries(found) };
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const open = await once(socket, "connect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  return open;
}

test("the doctor has nothing to change in a service with drain", async () => {
  const run = await states(await argumentsFor("drain", 3000));
  const { port, exitCode, result, stderr, states: found } = run;
  expect(found, JSON.stringify(result.findings)).toEqual({
    outlasts: "good",
    requests: "good",
    announces: "good",
    listens: "good",
    exits: "good",
  });
  expect([exitCode, result.fix]).toEqual([0, []]);
  expect(result.drain).toMatchObject({ lost: 0, exit: { code: 0 } });
  expect(result.drain.announced).toBeGreaterThan(10);
  // What the service prints is no result.
  expect(stderr).toContain("it listens");
  expect(await isOpen(port)).toBe(false);
});

test("the doctor tells services that lose requests what is wrong, and how to fix it", async () => {
  const never = ["--drain-timeout", "300ms"];
  const [nothing, closing, deaf] = await Promise.all([
    states(await argumentsFor("signal", 100, "1s")),
    states(await argumentsFor("close", 3000)),
    states(await argumentsFor("never", 3000, "200ms", never)),
  ]);
  expect([nothing.exitCode, closing.exitCode, deaf.exitCode]).toEqual([1, 1, 1]);

  const { result } = nothing;
  expect(nothing.states).toMatchObject({
    outlasts: "bad",
    announces: "bad",
    listens: "bad",
    exits: "bad",
  });
  expect(result.drain.exit).toMatchObject({ code: null, signal: "SIGTERM" });
  expect(result.fix.join("\n")).toMatch(
    /keepAlive\(server, \{ idleMs: 1000 \}\);\nprocess\.once\(/,
  );

  // It refuses at once, and announces nothing.
  expect(closing.states).toMatchObject({ outlasts: "good", listens: "bad", exits: "good" });

  expect(deaf.states["exits"]).toBe("bad");
  expect(deaf.result.drain.exit).toBe(null);
  await expect.poll(() => isOpen(deaf.port)).toBe(false);
});

test("an interrupted doctor ends the service", async () => {
  const { port, args } = await argumentsFor("never", 60_000, "1h");
  const interrupt = new AbortController();
  const running = cli(args, { signal: interrupt.signal });
  await expect.poll(() => isOpen(port), { timeout: 10_000 }).toBe(true);
  interrupt.abort(130);
  expect((await running).exitCode).toBe(130);
  await expect.poll(() => isOpen(port)).toBe(false);
});

test.each([
  [
    "ends by itself",
    ["--", process.execPath, service, "crash", "1"],
    "ended by itself, with code 3",
  ],
  ["does not exist", ["--", "/no/such/program"], "cannot be started"],
  ["does not listen", ["--start-timeout", "300ms", "--", "sleep", "30"], "does not listen on"],
])("a command that %s is reported", async (_name, command, message) => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const { exitCode, stderr } = await cli(["doctor", url, "--behind", "nginx", ...command]);
  expect(exitCode).toBe(6);
  expect(stderr).toContain(message);
});

test("a port in use is reported before the command is started", async () => {
  const url = await listening((_request, response) => response.end("ok"));
  const { exitCode, stderr } = await cli(["doctor", url, "--behind", "nginx", "--", "sleep", "30"]);
  expect(exitCode).toBe(6);
  expect(stderr).toContain("listens on");
});

test("the connections of a running server are measured without a command", async () => {
  const url = await listening((_request, response) => response.end("ok"), {
    keepAliveTimeout: 300,
  });
  const args = ["doctor", url, "--behind", "aws-alb"];
  const [{ exitCode, result }, { stdout }] = await Promise.all([json(args), cli(args)]);
  expect([exitCode, result.drain]).toEqual([1, null]);
  expect(result).toMatchObject({ behind: ["aws-alb"], requiredIdleMs: 61_000 });
  expect(result.fix).toContain('keepAlive(server, { behind: "aws-alb" });');
  expect(stdout).toMatch(
    / {2}change {2}closes idle connections after .* aws-alb keeps them for 60 s/,
  );
});

test.each<[NodeJS.Signals, number]>([
  ["SIGHUP", 129],
  ["SIGTERM", 143],
])("the command is ended on %s, as a closed terminal sends it", async (signal, code) => {
  const { port, args } = await argumentsFor("never", 5000, "60s");
  const bin = join(import.meta.dirname, "../../../packages/cli/dist/bin.cjs");
  const doctor = spawn(process.execPath, [bin, ...args], { stdio: "ignore" });
  onTestFinished(() => void doctor.kill("SIGKILL"));
  await expect.poll(() => isOpen(port), { timeout: 10_000 }).toBe(true);
  const exited = once(doctor, "exit");
  doctor.kill(signal);
  expect(await exited).toEqual([code, null]);
  await expect.poll(() => isOpen(port)).toBe(false);
});
