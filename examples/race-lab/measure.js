// @ts-check
import { setTimeout as sleep } from "node:timers/promises";

import { drive } from "./load.js";
import { progress } from "./progress.js";

/** After so many idle milliseconds the upstream closes a connection; real ones take seconds, so races take hours. */
const idleMs = 100;

/** How often in a run the upstream is deployed anew. */
const deploys = 3;

/**
 * @typedef {{ name: string, samples: import("./load.js").Sample[], resends: Record<string, number> }} Result
 * @typedef {{ seconds: number, seed: number, signal: AbortSignal, losesResponses: boolean }} Plan - `losesResponses`:
 * now and then the response is lost after the work was done; sent again, it is done twice.
 */

/**
 * Runs the same load through every service, and asks the services and the upstream what they did.
 *
 * @param {import("./laboratory.js").Laboratory} laboratory
 * @param {Plan} plan
 */
export async function measure(laboratory, { seconds, seed, signal, losesResponses }) {
  const upstream = await laboratory.open({
    seed,
    idleTimeoutMs: idleMs,
    honourKeys: true,
    faults: losesResponses
      ? [{ fault: "reset", when: "after-processing", probability: 0.005 }]
      : [],
  });
  const { services } = laboratory;
  const bursts = Math.ceil((seconds * 1000) / (idleMs + 15));
  const onBurst = progress("load", bursts * services.length);
  const load = { bursts, seed, idleMs, onBurst, signal };
  const [, ...samples] = await Promise.all([
    deploy(upstream, seconds, signal),
    ...services.map((service) => drive(service, load)),
  ]);
  const results = await Promise.all(
    services.map(async ({ name, origin }, index) => {
      const resends = await (await fetch(`${origin}/resends`)).json();
      return /** @type {Result} */ ({ name, samples: samples[index] ?? [], resends });
    }),
  );
  return { results, effects: await upstream.effects() };
}

/**
 * A few times in a run, all idle connections are closed at once, and none can be opened for a moment.
 *
 * @param {import("@reissue/testing").SpawnedUpstream} upstream
 * @param {number} seconds
 * @param {AbortSignal} signal
 */
async function deploy(upstream, seconds, signal) {
  for (let count = 0; count < deploys; count += 1) {
    await sleep((seconds * 1000) / (deploys + 1), undefined, { signal });
    await upstream.refuse();
    await upstream.killIdle();
    await sleep(50);
    await upstream.accept();
  }
}
