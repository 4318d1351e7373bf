// @ts-check
// The time that one stale resend takes from the caller: Reissue beside the retries of others, all with their defaults.
import { createUpstream } from "@reissue/upstream";
import { spawnFaultyUpstream } from "@reissue/testing";
import got from "got";
import ky from "ky";
import { Agent, request, RetryAgent } from "undici";

import { quick } from "./run/quick.js";
import { publish } from "./run/result.js";
import { interleaved } from "./run/rounds.js";
import { median, ratio, spread } from "./run/statistics.js";

const rounds = quick ? 3 : 28;
const warmUp = quick ? 1 : 2;

const server = await spawnFaultyUpstream();
const upstream = createUpstream();
const dispatcher = new RetryAgent(new Agent());
const ours = "upstream.request";

/** @type {Record<string, () => Promise<unknown>>} */
const calls = {
  [ours]: () => upstream.request(server.origin).then(({ body }) => body.text()),
  RetryAgent: () => request(server.origin, { dispatcher }).then(({ body }) => body.text()),
  "got 16": () => got(server.origin).text(),
  "ky 2": () => ky(server.origin).text(),
};

/** How a connection can die under a request: with a reset, or with an orderly end. */
const deaths = /** @type {const} */ ({ RST: "reset", FIN: "end" });

const contenders = Object.entries(calls).map(([name, call]) => ({ name, turn: () => turn(call) }));
const results = await interleaved(contenders, { rounds, warmUp });
await upstream.close();
await dispatcher.close();
await server.close();

/** @typedef {keyof typeof deaths} Death */

publish("stale-resend", {
  rounds,
  medians: Object.fromEntries(
    Object.keys(calls).map((name) => [
      name,
      {
        "ms undisturbed": median((results.get(name) ?? []).map(({ undisturbed }) => undisturbed)),
        "ms lost to a RST": median(lost("RST", name)),
        "ms lost to a FIN": median(lost("FIN", name)),
      },
    ]),
  ),
  findings: /** @type {Death[]} */ (Object.keys(deaths)).flatMap((death) => {
    const measure = `time lost to a ${death}`;
    const others = Object.keys(calls).filter((name) => name !== ours);
    return [
      ...Object.keys(calls).map((name) => ({
        measure,
        contender: name,
        beside: null,
        unit: /** @type {const} */ ("ms"),
        spread: spread(lost(death, name)),
        ...(name === ours && { target: { atMost: 5 } }),
      })),
      ...others.map((name) => ({
        measure,
        contender: ours,
        beside: name,
        unit: /** @type {const} */ (""),
        spread: ratio(lost(death, ours), lost(death, name)),
      })),
    ];
  }),
});

/**
 * @param {Death} death
 * @param {string} name
 */
function lost(death, name) {
  return (results.get(name) ?? []).map((figures) => figures[death] - figures.undisturbed);
}

/**
 * How long a call takes on a connection that lives, and on one that dies as the call arrives.
 *
 * @param {() => Promise<unknown>} call
 */
async function turn(call) {
  const undisturbed = await timed(call, null);
  return { undisturbed, RST: await timed(call, "RST"), FIN: await timed(call, "FIN") };
}

/**
 * @param {() => Promise<unknown>} call
 * @param {Death | null} death
 */
async function timed(call, death) {
  await server.clear();
  // Opens a connection and uses it again: it has just served when the call that counts takes it.
  await server.script([null, null, death === null ? null : { fault: deaths[death] }]);
  await call();
  await call();
  const startedAt = performance.now();
  await call();
  const ms = performance.now() - startedAt;
  const sends = await server.requests();
  const resends = death === null ? 0 : 1;
  if (sends.length !== 3 + resends || sends[2].nth === 1) {
    throw new Error("the call did not go out on a connection that had been used before");
  }
  return ms;
}
