import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { freePort } from "../../support/free-port.ts";

const run = promisify(execFile);

/** What it is started with: it ends with the process that started it, however that ends. */
const launcher: readonly [string, ...string[]] = ["setpriv", "--pdeathsig=KILL", "redis-server"];

/** A Redis server of Debian's `redis-server`, on a free port of 127.0.0.1, that keeps nothing on disk. */
export class RedisServer {
  readonly port: number;
  readonly #args: readonly string[];
  readonly #folder: string;
  #child: ChildProcess | null = null;

  private constructor(port: number, folder: string, args: readonly string[]) {
    this.port = port;
    this.#folder = folder;
    this.#args = args;
  }

  /** Starts one that answers; more arguments may follow, as `redis-server` takes them. */
  static async start(...args: string[]): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), "reissue-redis-"));
    const server = new RedisServer(await freePort(), folder, args);
    await server.start();
    return server;
  }

  /** Starts it again on its port, empty. */
  async start(): Promise<void> {
    const always = ["--port", `${this.port}`, "--bind", "127.0.0.1", "--dir", this.#folder];
    const forgetful = ["--save", "", "--appendonly", "no"];
    const [file, ...args] = launcher;
    const child = spawn(file, [...args, ...always, ...forgetful, ...this.#args], {
      stdio: "ignore",
    });
    this.#child = child;
    await once(child, "spawn");
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`redis-server exited with ${child.exitCode}`);
      return (await this.cli("PING")) === "PONG";
    });
  }

  /** Sends one command with `redis-cli`, and gives what it printed; an error of the server's is printed, not thrown. */
  async cli(...command: string[]): Promise<string> {
    const { stdout } = await run("redis-cli", ["-p", `${this.port}`, ...command]).catch(
      (error: unknown) => ({ stdout: String(error) }),
    );
    return stdout.trim();
  }

  /** How often each command was called since the last CONFIG RESETSTAT. */
  async calls(): Promise<Record<string, number>> {
    const stats = await this.cli("INFO", "commandstats");
    const lines = stats.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm);
    return Object.fromEntries([...lines].map(([, name, calls]) => [name, Number(calls)]));
  }

  /** Kills it with all connections. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  /** Kills it, and removes its folder. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A Redis Cluster of three masters. */
export class RedisCluster {
  readonly nodes: readonly RedisServer[];

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes;
  }

  get ports(): number[] {
    return this.nodes.map(({ port }) => port);
  }

  /** Starts one that serves every slot. */
  static async start(): Promise<RedisCluster> {
    const cluster = new RedisCluster(await Promise.all([startNode(), startNode(), startNode()]));
    try {
      await cluster.#join();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  async #join(): Promise<void> {
    const [first] = this.nodes;
    const ranges = [
      [0, 5460],
      [5461, 10_922],
      [10_923, 16_383],
    ];
    for (const [index, node] of this.nodes.entries()) {
      await node.cli("CLUSTER", "ADDSLOTSRANGE", ...(ranges[index] ?? []).map(String));
      const busPort = await node.cli("CONFIG", "GET", "cluster-port");
      const address = ["127.0.0.1", `${node.port}`, busPort.split("\n")[1] ?? ""];
      if (index > 0) await first?.cli("CLUSTER", "MEET", ...address);
    }
    await until(async () => {
      const infos = await Promise.all(this.nodes.map((node) => node.cli("CLUSTER", "INFO")));
      return infos.every((info) => /cluster_state:ok[^]*cluster_known_nodes:3/.test(info));
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}

async function startNode(): Promise<RedisServer> {
  const bus = ["--cluster-port", `${await freePort()}`];
  return RedisServer.start("--cluster-enabled", "yes", ...bus);
}

/** Asks again until it is so, for 20 s at most. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if (await isSo()) return;
    // real time: polls a process that is starting
    await sleep(50);
  }
  throw new Error("redis-server was not ready within 20 s");
}
