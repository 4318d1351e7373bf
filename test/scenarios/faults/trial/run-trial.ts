import { faultyUpstream, seededRandom, type ReceivedRequest } from "@reissue/testing";
import { createUpstream, type Upstream, type UpstreamOptions } from "@reissue/upstream";

import { AttemptLog } from "./attempt-log.ts";
import { answerTo, nthCall, type Call } from "./nth-call.ts";
import { routes, type Kind } from "./request-kind.ts";
import type { Row } from "../report/table-row.ts";
import { seededFaults, seedOf } from "./seeded-faults.ts";
import { send, type Outcome, type Via } from "./send-call.ts";

/** How the calls of a trial are made. */
export interface Manner {
  readonly via: Via;
  readonly concurrency: 16 | 1;
  /** How many. */
  readonly calls: number;
}

/** What came of all calls of a cell, seen from both ends. */
export interface Trial {
  readonly origin: string;
  readonly outcomes: readonly Outcome[];
  /** The right answer to a call. */
  readonly answerTo: (call: Call) => string;
  /** What the client said about its attempts. */
  readonly attempts: AttemptLog;
  /** Every head that reached the upstream. */
  readonly received: readonly ReceivedRequest[];
  /** How often each call was processed. */
  readonly effects: ReadonlyMap<string, number>;
  /** The calls just before which idle sockets were killed. */
  readonly disturbed: ReadonlySet<string>;
  readonly tookMs: number;
}

/** One call at a time mostly sleeps in back-off, so it does that in small portions; sixteen keep the defaults. */
const quick: UpstreamOptions = { retry: { backOff: { baseMs: 5 } } };

/** Makes all calls of a cell, the kinds in turn, with an upstream and a client of their own. */
export async function trial(row: Row, kinds: readonly Kind[], manner: Manner): Promise<Trial> {
  const { answer = {}, faults = [], ...options } = row.upstream;
  const { bytes: answerBytes = () => 0, close = false, ...rest } = answer;
  const headers = close ? { headers: { connection: "close" } } : {};
  const seed = seedOf(`${row.name}, ${kinds.length} kinds, ${manner.concurrency} at a time`);
  const upstream = await faultyUpstream({
    ...options,
    faults: seededFaults(faults, seed),
    honourKeys: true,
    maxRequests: manner.calls * 8,
    respond: ({ id, method, bodySha256 }) => ({
      ...rest,
      ...headers,
      body: answerTo(id, method, bodySha256, answerBytes(Number(id))),
    }),
  });
  const { origin } = upstream;
  const client = createUpstream({
    ...(manner.concurrency === 1 ? quick : {}),
    origins: { [origin]: { routes } },
  });
  const attempts = new AttemptLog(origin);
  const draw = seededRandom(seed);
  const disturbed = new Set<string>();
  const startedAtMs = performance.now();
  const make = (number: number): Promise<Outcome> => {
    const call = nthCall(kinds[number % kinds.length]!, number);
    const killed =
      row.disturb?.({ upstream, number, concurrency: manner.concurrency, draw: draw() }) ?? 0;
    if (killed > 0) disturbed.add(call.id);
    return send(client, origin, call, manner.via);
  };
  try {
    const outcomes = await (row.bursts === true ? inBursts : inTurn)(make, manner);
    const tookMs = performance.now() - startedAtMs;
    const { requests: received, effects } = upstream;
    return {
      origin,
      outcomes,
      answerTo: ({ id, number, kind, sha256 }) =>
        answerTo(id, kind.method, sha256, answerBytes(number)),
      attempts,
      received,
      effects,
      disturbed,
      tookMs,
    };
  } finally {
    attempts.stop();
    await closed(client);
    await upstream.close();
  }
}

/** As many callers as the concurrency, each making one call after the other. */
async function inTurn(
  make: (number: number) => Promise<Outcome>,
  { calls, concurrency }: Manner,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < calls) outcomes.push(await make(next++));
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return outcomes;
}

async function inBursts(
  make: (number: number) => Promise<Outcome>,
  { calls, concurrency }: Manner,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let from = 0; from < calls; from += concurrency) {
    const burst = Array.from({ length: concurrency }, (_, index) => make(from + index));
    outcomes.push(...(await Promise.all(burst)));
  }
  return outcomes;
}

/** A call that never ends must fail its test, not hang its clean-up. */
async function closed(client: Upstream): Promise<void> {
  // real time: a limit for a call that never ends
  const gaveUp = new Promise((resolve) => setTimeout(resolve, 2000).unref());
  await Promise.race([client.close(), gaveUp]);
}
