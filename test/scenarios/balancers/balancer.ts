import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect } from "vitest";

import { freePort } from "../../support/free-port.ts";
import { accepting, startProgram, temporaryFolder } from "../../support/programs/program.ts";

const recipes = join(import.meta.dirname, "../../../docs/recipes");

/** Text of a recipe, and what stands in its place; each must be there exactly `times` times. */
export type Change = readonly [text: string, replacement: string, times?: number];

/** A load balancer under the configuration of its recipe. */
export interface Balancer {
  readonly origin: string;
  /** Runs nginx under a changed recipe; resolves once nothing is under way under the old one. */
  reload(...changes: readonly Change[]): Promise<void>;
}

/** Starts a balancer in front of instances that listen on these ports; it ends with the test. */
export type StartBalancer = (
  instances: readonly number[],
  ...changes: readonly Change[]
) => Promise<Balancer>;

/** The file of a recipe, as its page shows it. */
export const recipe = (file: string): Promise<string> => readFile(join(recipes, file), "utf8");

/** Starts Debian's nginx; every file that it writes is in a temporary folder. */
export const startNginx: StartBalancer = async (instances, ...changes) => {
  const folder = await temporaryFolder();
  const port = await freePort();
  const main = join(folder, "nginx.conf");
  const write = async (more: readonly Change[]): Promise<void> =>
    writeFile(
      join(folder, "service.conf"),
      await configured("nginx/service.conf", port, instances, more),
    );
  await write(changes);
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const temp = paths.map((name) => `${name}_temp_path ${folder}/${name};`).join(" ");
  await writeFile(
    main,
    `pid ${folder}/nginx.pid; worker_processes 1; events { worker_connections 1024; }
    http { access_log off; ${temp} include ${folder}/service.conf; }`,
  );
  // As root its workers would be www-data, which may not enter the folder.
  const user = process.getuid?.() === 0 ? " user root;" : "";
  const common = ["-p", folder, "-e", join(folder, "error.log"), "-c", main];
  const child = startProgram("nginx", [...common, "-g", `daemon off;${user}`]);
  await accepting(child, port);
  return {
    origin: `http://127.0.0.1:${port}`,
    async reload(...more) {
      await write([...changes, ...more]);
      const workers = await childrenOf(child);
      child.kill("SIGHUP");
      // The old workers go once they have nothing under way.
      const old = (): boolean => workers.some((pid) => existsSync(`/proc/${pid}`));
      for (let tries = 0; old(); tries += 1) {
        if (tries === 400) throw new Error("nginx' old workers do not end");
        // real time: polls /proc for the end of other processes
        await sleep(25);
      }
    },
  };
};

/** Starts Debian's HAProxy. */
export const startHaproxy: StartBalancer = async (instances, ...changes) => {
  const folder = await temporaryFolder();
  const port = await freePort();
  const file = join(folder, "haproxy.cfg");
  await writeFile(file, await configured("haproxy/haproxy.cfg", port, instances, changes));
  const child = startProgram("haproxy", ["-db", "-f", file]);
  await accepting(child, port);
  return {
    origin: `http://127.0.0.1:${port}`,
    reload: () => Promise.reject(new Error("Only nginx is reloaded")),
  };
};

/** The very file of the recipe, but for its addresses. */
async function configured(
  file: string,
  port: number,
  instances: readonly number[],
  changes: readonly Change[],
): Promise<string> {
  let text = await recipe(file);
  for (const [from, to, times = 1] of changes) {
    const parts = text.split(from);
    if (parts.length - 1 !== times) {
      throw new Error(`${file} has ${JSON.stringify(from)} ${parts.length - 1} times`);
    }
    text = parts.join(to);
  }
  const ports: Record<string, number | undefined> = {
    8080: port,
    3001: instances[0],
    3002: instances[1],
  };
  const written: string[] = [];
  // All at once: a port that is put in may begin as one that is looked for.
  text = text.replaceAll(/(?<=127\.0\.0\.1:)(?:8080|3001|3002)\b/g, (own) => {
    written.push(own);
    return String(ports[own]);
  });
  const servers = file.startsWith("nginx") ? ["3001", "3002"] : ["3001", "3001", "3002", "3002"];
  expect(written.toSorted(), `addresses in ${file}`).toEqual([...servers, "8080"]);
  return text;
}

async function childrenOf({ pid }: ChildProcess): Promise<readonly string[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return children.trim().split(" ");
}
