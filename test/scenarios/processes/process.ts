import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import { onTestFinished } from "vitest";

/** What a service is started with; the rest are options of `idempotency`. */
export interface ServiceOptions {
  readonly store: "redis" | "postgres" | "transaction";
  readonly url: string;
  /** Where its effects go. */
  readonly effects: string;
  readonly [option: string]: unknown;
}

/** A payment service in a process of its own. */
export interface Service {
  readonly origin: string;
  /** Whether it has ended. */
  readonly ended: () => boolean;
  /** Sends it a signal: SIGKILL ends it as a crash does, SIGSTOP makes it stand still. */
  signal(name: NodeJS.Signals): void;
}

/** Starts one that ends with the test, at the latest. */
export async function started(options: ServiceOptions): Promise<Service> {
  const script = join(import.meta.dirname, "service.js");
  const child = spawn(process.execPath, [script, JSON.stringify(options)], {
    // Its input ends with this process, whatever ends that, and it with its input.
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const [port] = (await Promise.race([once(child.stdout, "data"), exited])) as [unknown];
  if (!(port instanceof Buffer)) throw new Error(`The service ended: ${String(port)}`);
  return {
    origin: `http://127.0.0.1:${port.toString().trim()}`,
    ended: () => child.exitCode !== null || child.signalCode !== null,
    signal: (name) => void child.kill(name),
  };
}
