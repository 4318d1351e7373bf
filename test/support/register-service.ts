import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { onTestFinished } from "vitest";

/** A service of the race laboratory, in a process of its own. */
export interface RegisterService {
  /** Makes a GET, and gives its status. */
  get(path: string): Promise<number>;
  stop(): void;
}

const script = fileURLToPath(new URL("../../examples/race-lab/service.js", import.meta.url));

/** Starts the service whose handlers call with the given client. */
export async function startService(
  client: string,
  upstream: string,
  execArgv: readonly string[],
): Promise<RegisterService> {
  const child = fork(script, [client, upstream], {
    execArgv: [...execArgv],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [origin] = (await once(child, "message")) as [string];
  return {
    async get(path) {
      const response = await fetch(origin + path);
      await response.arrayBuffer();
      return response.status;
    },
    stop: () => void child.kill(),
  };
}
