import { fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { spawnFaultyUpstream, type SpawnedUpstreamOptions } from "@reissue/testing";
import { expect, onTestFinished, test } from "vitest";
import { wired } from "../opened.ts";
import { post } from "../raw-client.ts";

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

/** Whether the port stops accepting; an orphan's pid may outlive it as a zombie. */
async function gone(port: number): Promise<boolean> {
  for (let tries = 0; tries < 300; tries++) {
    if (!(await accepts(port))) return true;
    // real time: polls a port that another process closes
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

test("a process of its own has the same faults and the same counts, by calls", async () => {
  const upstream = await spawnFaultyUpstream({
    respond: { body: "ok" },
    faults: [{ fault: "reset", on: "fresh", times: 1 }],
  });
  onTestFinished(() => upstream.close());
  expect(upstream.pid).not.toBe(process.pid);
  const struck = await wired(upstream);
  struck.send(post("a"));
  expect(await struck.closed()).toBe("rst");
  const wire = await wired(upstream);
  await wire.served(post("a"));
  await wire.served(post("a"));
  expect(await upstream.stats()).toMatchObject({ heads: 3, processed: 2, faults: { reset: 1 } });
  expect(await upstream.effects()).toEqual(new Map([["a", 2]]));
  expect(await upstream.duplicates()).toEqual(["a"]);
  expect((await upstream.requests()).map(({ fault, body }) => [fault, body?.toString()])).toEqual([
    ["reset", undefined],
    [null, "abc"],
    [null, "abc"],
  ]);
  await upstream.clear();
  await upstream.script([{ fault: "status", status: 418 }]);
  await upstream.setRespond({ body: "changed" });
  wire.send(post("b") + post("b"));
  await wire.until((text) => /418[^]*changed/.test(text));
  expect(await upstream.killIdle({ with: "fin" })).toBe(1);
  expect(await wire.closed()).toBe("fin");
  await upstream.restart({ downMs: 10 });
  await upstream.refuse();
  await expect(wired(upstream)).rejects.toThrow("ECONNREFUSED");
  await upstream.accept();
  await wired(upstream);
  await upstream.setFaults([]);
  expect(await upstream.killAll()).toBe(1);
});

test("close() ends the process, may be called twice, and makes later calls reject", async () => {
  const upstream = await spawnFaultyUpstream();
  await wired(upstream);
  await Promise.all([upstream.close(), upstream.close()]);
  expect(alive(upstream.pid)).toBe(false);
  await expect(upstream.stats()).rejects.toThrow("ended");
});

test("a process that is killed rejects pending calls", async () => {
  const upstream = await spawnFaultyUpstream();
  const waiting = upstream.restart({ downMs: 60_000 });
  process.kill(upstream.pid, "SIGKILL");
  await expect(waiting).rejects.toThrow("SIGKILL");
  await upstream.close();
});

test("the process exits by itself when its parent is killed", async () => {
  const parent = fork(fileURLToPath(new URL("spawning-parent.js", import.meta.url)), [], {
    execArgv: [],
  });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const [port] = (await once(parent, "message")) as [number];
  expect(await accepts(port)).toBe(true);
  parent.kill("SIGKILL");
  expect(await gone(port)).toBe(true);
});

test("functions and mistakes are refused before the start, or reported from the child", async () => {
  const faults = [{ fault: "reset" as const, match: () => true }];
  await expect(spawnFaultyUpstream({ faults })).rejects.toThrow("options.faults[0].match");
  const withFunction = { respond: () => ({}) } as SpawnedUpstreamOptions;
  await expect(spawnFaultyUpstream(withFunction)).rejects.toThrow("options.respond");
  await expect(spawnFaultyUpstream({ idleTimeoutMs: 0 })).rejects.toThrow("options.idleTimeoutMs");
  const upstream = await spawnFaultyUpstream();
  onTestFinished(() => upstream.close());
  await expect(spawnFaultyUpstream({ port: upstream.port })).rejects.toThrow("EADDRINUSE");
  await expect(upstream.script([{ fault: "status", status: 9 }])).rejects.toThrow(
    "script[0].status",
  );
});
