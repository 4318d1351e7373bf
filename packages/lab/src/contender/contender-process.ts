import { AsyncLocalStorage } from "node:async_hooks";
import { decisionChannel, type DecisionMessage } from "@reissue/core";
import { SocketLog } from "../sockets/socket-log.ts";
import { machineNow } from "../sockets/socket-event.ts";
import { CallLog } from "./call-log.ts";
import type { Client } from "./client.ts";
import type { ContenderId } from "./contenders.ts";
import type { ContenderMessage, StartOrder } from "./contender-message.ts";
import { LoadCounter } from "./load-counter.ts";
import { drive } from "./load.ts";
import { openClient } from "./open-client.ts";

// The entry of a contender's process: one client, the load, and what its sockets did.

/** Shortest time between two races that are reported, in ms: nobody can look at more. */
const raceEveryMs = 1_000;

const id = process.argv[2] as ContenderId;
const calls = new CallLog();
const sockets = new SocketLog("client", (event) => calls.onWrite(event));
const callContext = new AsyncLocalStorage<string>();
let racedAtMs = -Infinity;

/** Sends a message to the laboratory. */
function send(message: ContenderMessage): void {
  // The laboratory may have gone: a message without a reader is not an error.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

decisionChannel.subscribe((message) => {
  const { request, outcome, decision } = message as DecisionMessage;
  send({ type: "decision", request, outcome, decision });
  const { action, reason } = decision;
  const isResend = action === "resend";
  calls.onDecision(callContext.getStore() ?? "", {
    atMs: machineNow(),
    action,
    reason,
    delivery: outcome.type === "failure" ? outcome.failure.delivery : `status ${outcome.status}`,
    delayMs: isResend ? decision.delayMs : 0,
    isFresh: isResend && decision.connection === "fresh",
  });
});

/** Makes one call, and counts it unless it only warms up. */
async function makeCall(
  client: Client,
  requestId: string,
  { origin, settings }: StartOrder,
  counter: LoadCounter | null,
): Promise<void> {
  const { method, keyed } = settings;
  const headers: Record<string, string> = { "x-request-id": requestId };
  if (keyed) headers["idempotency-key"] = `"${requestId}"`;
  const hasBody = method !== "GET";
  if (hasBody) headers["content-type"] = "application/json";
  const body = hasBody ? '{"item":42}' : undefined;
  calls.open(requestId);
  const startedAtMs = machineNow();
  let status: number | null = null;
  let error: string | null = null;
  try {
    const url = `${origin}/orders`;
    status = await callContext.run(requestId, () => client({ url, method, headers, body }));
  } catch (thrown) {
    error = errorName(thrown);
  }
  const endedAtMs = machineNow();
  const { ports, decisions } = calls.close(requestId);
  const failed = status === null || status >= 500;
  counter?.add({ failed, sends: ports.length, durationMs: endedAtMs - startedAtMs });
  if ((!failed && ports.length < 2) || endedAtMs - racedAtMs < raceEveryMs) return;
  racedAtMs = endedAtMs;
  const seen = { events: sockets.eventsOf(ports), decisions, endedAtMs, status, error };
  send({ type: "race", call: { contender: id, id: requestId, method, keyed, ...seen } });
}

/** Names an error by the first code in its causes, as a log line would. */
function errorName(thrown: unknown): string {
  let cause = thrown;
  for (let depth = 0; depth < 5 && cause instanceof Error; depth += 1) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === "string") return code;
    cause = cause.cause;
  }
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Begins the load; it lasts as long as the process. */
async function run(client: Client, order: StartOrder): Promise<void> {
  const counter = new LoadCounter(send);
  const call = (burst: number, slot: number): Promise<void> =>
    makeCall(client, `${id}-${burst}-${slot}`, order, burst < 0 ? null : counter);
  await drive({ seed: order.seed, idleMs: order.settings.idleMs, call });
}

async function serve(): Promise<void> {
  const client = await openClient(id);
  process.on("message", (message) => void run(client, message as StartOrder));
  send({ type: "ready" });
}

// Ctrl-C reaches every process of a terminal; the laboratory says when this one ends.
process.on("SIGINT", () => {});
// The laboratory has closed the channel, or has gone.
process.on("disconnect", () => process.exit(0));
void serve();
