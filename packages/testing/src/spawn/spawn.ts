import { OptionError } from "@reissue/core";
import { fork } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Fault } from "../faulty-upstream/faults/fault.ts";
import type { FaultSelector } from "../faulty-upstream/faults/fault-plan.ts";
import type { ReceivedRequest } from "../faulty-upstream/http/received-request.ts";
import { Remote } from "./remote.ts";
import type { UpstreamResponse } from "../faulty-upstream/http/response.ts";
import type { FaultyUpstream, UpstreamStats } from "../faulty-upstream/upstream-api.ts";
import {
  upstreamSettings,
  type FaultyUpstreamOptions,
} from "../faulty-upstream/upstream-options.ts";

/** A fault rule that can be sent to another process: one without `match`. */
export type SpawnedFaultRule = Fault & Omit<FaultSelector, "match">;

/** Options of an upstream in its own process: those without functions. */
export interface SpawnedUpstreamOptions extends Omit<FaultyUpstreamOptions, "faults" | "respond"> {
  readonly faults?: readonly SpawnedFaultRule[] | undefined;
  readonly respond?: UpstreamResponse | undefined;
}

/** A faulty upstream in a process of its own; its methods are those of {@link FaultyUpstream}, called there. */
export interface SpawnedUpstream {
  /** The origin, such as `http://127.0.0.1:41234`. */
  readonly origin: string;
  readonly port: number;
  /** The upstream's process. */
  readonly pid: number;
  setFaults(rules: readonly SpawnedFaultRule[]): Promise<void>;
  script(faults: readonly (Fault | null)[]): Promise<void>;
  setRespond(response: UpstreamResponse): Promise<void>;
  killIdle(options?: Parameters<FaultyUpstream["killIdle"]>[0]): Promise<number>;
  killAll(options?: Parameters<FaultyUpstream["killAll"]>[0]): Promise<number>;
  restart(options?: Parameters<FaultyUpstream["restart"]>[0]): Promise<void>;
  refuse(): Promise<void>;
  accept(): Promise<void>;
  stats(): Promise<UpstreamStats>;
  /** A copy of {@link FaultyUpstream.effects}. */
  effects(): Promise<Map<string, number>>;
  duplicates(): Promise<string[]>;
  /** A copy of {@link FaultyUpstream.requests}. */
  requests(): Promise<ReceivedRequest[]>;
  clear(): Promise<void>;
  /** Closes the upstream and ends its process, by force after 2 s; resolves when the process is gone. */
  close(): Promise<void>;
}

function withoutFunctions(path: string, rules: readonly SpawnedFaultRule[] = []): void {
  for (const [index, rule] of rules.entries()) {
    if ("match" in rule)
      throw new OptionError(`${path}[${index}].match`, "cannot be sent to another process");
  }
}

/**
 * Opens a faulty upstream in a process of its own, so that it does not use the caller's event loop.
 *
 * The process ends with {@link SpawnedUpstream.close}, and when its parent exits.
 *
 * @throws as `faultyUpstream` does; OptionError for a function among the options
 * @example
 * ```ts
 * const upstream = await spawnFaultyUpstream({ seed: 7, idleTimeoutMs: 50 });
 * await fetch(upstream.origin);
 * console.log(await upstream.stats());
 * await upstream.close();
 * ```
 */
export async function spawnFaultyUpstream(
  options: SpawnedUpstreamOptions = {},
): Promise<SpawnedUpstream> {
  const { host } = upstreamSettings(options);
  withoutFunctions("options.faults", options.faults);
  if (typeof options.respond === "function") {
    throw new OptionError(
      "options.respond",
      "must be a response: a function cannot be sent to another process",
    );
  }
  const entry = new URL(`./child${extname(fileURLToPath(import.meta.url))}`, import.meta.url);
  const child = fork(entry, [], {
    // Without the parent's flags, such as an inspector's port or a profiler.
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const remote = new Remote(child);
  let port: number;
  try {
    port = await remote.call<number>("open", options);
  } catch (error) {
    await remote.end();
    throw error;
  }
  return {
    origin: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    pid: child.pid ?? 0,
    async setFaults(rules) {
      withoutFunctions("faults", rules);
      await remote.call("setFaults", rules);
    },
    script: (faults) => remote.call("script", faults),
    setRespond: (response) => remote.call("setRespond", response),
    killIdle: (how) => remote.call("killIdle", how),
    killAll: (how) => remote.call("killAll", how),
    restart: (how) => remote.call("restart", how),
    refuse: () => remote.call("refuse"),
    accept: () => remote.call("accept"),
    stats: () => remote.call("stats"),
    effects: () => remote.call("effects"),
    duplicates: () => remote.call("duplicates"),
    requests: () => remote.call("requests"),
    clear: () => remote.call("clear"),
    close: () => remote.end(),
  };
}
