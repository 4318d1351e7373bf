import { faultyUpstream } from "../faulty-upstream/faulty-upstream.ts";
import type { FaultyUpstream } from "../faulty-upstream/upstream-api.ts";
import type { ChildCall, ChildReply, RemoteMethod } from "./child-call.ts";

// The entry of the process that `spawnFaultyUpstream` starts: one upstream, controlled over IPC.

let opened: FaultyUpstream | null = null;

async function open(options: unknown): Promise<number> {
  opened = await faultyUpstream(options as Parameters<typeof faultyUpstream>[0]);
  return opened.port;
}

type Handlers = {
  readonly [Name in RemoteMethod]: (upstream: FaultyUpstream, argument: never) => unknown;
};

const handlers: Handlers = {
  setFaults: (upstream, rules) => upstream.setFaults(rules),
  script: (upstream, faults) => upstream.script(faults),
  setRespond: (upstream, response) => upstream.setRespond(response),
  killIdle: (upstream, options) => upstream.killIdle(options),
  killAll: (upstream, options) => upstream.killAll(options),
  restart: (upstream, options) => upstream.restart(options),
  refuse: (upstream) => upstream.refuse(),
  accept: (upstream) => upstream.accept(),
  stats: (upstream) => upstream.stats(),
  effects: (upstream) => new Map(upstream.effects),
  duplicates: (upstream) => upstream.duplicates(),
  requests: (upstream) => [...upstream.requests],
  clear: (upstream) => upstream.clear(),
  close: (upstream) => upstream.close(),
};

async function run({ method, argument }: ChildCall): Promise<unknown> {
  if (method === "open") return open(argument);
  if (opened === null) throw new Error("the upstream is not open");
  return handlers[method](opened, argument as never);
}

function reply(message: ChildReply): void {
  // The parent may have exited: a reply without a reader is not an error.
  process.send?.(message, undefined, undefined, () => {});
}

process.on("message", (message) => {
  const call = message as ChildCall;
  run(call).then(
    (value) => reply({ call: call.call, value }),
    (error: unknown) => reply({ call: call.call, error }),
  );
});

// The parent has closed the channel, or exited: nothing else would end this process.
process.on("disconnect", () => process.exit(0));
