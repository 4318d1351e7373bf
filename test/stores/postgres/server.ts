import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import pg from "pg";

import { find } from "../../../scripts/debian.js";
import { freePort } from "../../support/free-port.ts";

/** A PostgreSQL of a test's own, with nothing in it. */
export interface PostgresServer {
  /** What a `pg.Pool` takes to reach it. */
  readonly connection: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
  };
  /** Cuts every connection, as a failover does, and serves again; takes about a second. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const host = "127.0.0.1";
const user = "postgres";

const isRoot = process.getuid?.() === 0;

/** What its programs are started with: they refuse to run as root, and end with the process that started them. */
const launcher: readonly [string, ...string[]] = [
  "setpriv",
  "--pdeathsig=QUIT",
  ...(isRoot ? ["--reuid=postgres", "--regid=postgres", "--clear-groups"] : []),
];

/**
 * Starts a PostgreSQL in a temporary folder, on a free port. What it has committed survives its own death, not the machine's.
 *
 * @throws Error where PostgreSQL is not installed.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), "reissue-postgres-"));
  if (isRoot) await chown(folder, await id("-u"), await id("-g"));
  const data = join(folder, "data");
  const cheap = ["--no-sync", "--no-instructions", "--locale=C", "--encoding=UTF8"];
  await run("initdb", ["--pgdata", data, "--username", user, "--auth", "trust", ...cheap]);
  const port = await freePort();
  const settings = [
    ...["fsync=off", "full_page_writes=off", "max_connections=200"],
    ...[`listen_addresses=${host}`, `unix_socket_directories=${folder}`],
    "shared_preload_libraries=pg_stat_statements",
  ];
  const connection = { host, port, user, database: "postgres" };
  const start = async (): Promise<ChildProcess> => {
    const flags = settings.flatMap((setting) => ["-c", setting]);
    const [file, ...args] = [...launcher, program("postgres"), "-D", data];
    const child = spawn(file, [...args, "-p", String(port), ...flags], { stdio: "ignore" });
    await answering(connection, child);
    return child;
  };
  let child = await start();

  return {
    connection,
    async restart() {
      await stop(child);
      child = await start();
    },
    async stop() {
      await stop(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Immediate shutdown: the connections are cut, and what was committed is there again after the start. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGQUIT");
  await exit;
}

async function answering(connection: pg.ClientConfig, child: ChildProcess): Promise<void> {
  for (let left = 200; ; left -= 1) {
    const client = new pg.Client(connection);
    client.on("error", () => {});
    try {
      await client.connect();
      return await client.end();
    } catch (error) {
      await client.end().catch(() => {});
      if (left === 0 || child.exitCode !== null) throw error;
    }
    // real time: polls a process that is starting
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function program(name: string): string {
  const path = find(name);
  if (path === null) throw new Error(`${name} is missing: apt-get install postgresql`);
  return path;
}

async function run(name: string, args: string[]): Promise<void> {
  const [file, ...rest] = [...launcher, program(name), ...args];
  // The folder in which the tests run may be closed to the other user.
  await promisify(execFile)(file, rest, { cwd: tmpdir() });
}

async function id(flag: "-u" | "-g"): Promise<number> {
  return Number((await promisify(execFile)("id", [flag, "postgres"])).stdout);
}
