import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { onTestFinished } from "vitest";

import { find } from "../../../scripts/debian.js";

/** Starts a program of Debian's, which ends with the test. */
export function startProgram(program: string, args: readonly string[]): ChildProcess {
  const path = find(program);
  if (path === null) throw new Error(`${program} is missing: apt-get install ${program}`);
  const child = spawn(path, args, { stdio: ["ignore", "ignore", "inherit"] });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    // Ends the workers with it, which SIGKILL would leave behind.
    child.kill("SIGTERM");
    await exited;
  });
  return child;
}

/** Resolves once a program accepts connections on a port of the loopback interface. */
export async function accepting(child: ChildProcess, port: number): Promise<void> {
  let gone = false;
  child.once("exit", () => (gone = true));
  for (let tries = 0; tries < 400; tries += 1) {
    if (gone) break;
    const socket = connect(port, "127.0.0.1");
    const open = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "close").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (open) return;
    // real time: polls a port that another process opens
    await sleep(25);
  }
  throw new Error(`${child.spawnfile} does not listen on ${port}`);
}

/** A folder that is removed when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "reissue-program-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
