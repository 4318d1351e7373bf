// @ts-check
import { classify, defaultPolicy } from "@reissue/core";
import { callRetryPolicy } from "@reissue/core/internal";
import { seededRandom } from "@reissue/testing";

/** @typedef {Parameters<typeof import("@reissue/core").decide>} DecideArguments */

/** @type {import("@reissue/core").Outcome[]} */
const outcomes = [
  failure({ code: "ECONNRESET", syscall: "read" }, { written: true, reused: true }),
  failure({ code: "ECONNRESET", syscall: "read" }, { written: true, reused: false }),
  failure({ code: "UND_ERR_SOCKET", message: "other side closed" }, { written: false }),
  failure({ code: "ECONNREFUSED", syscall: "connect" }, { written: false }),
  failure({ code: "ENOTFOUND", syscall: "getaddrinfo" }, { written: false }),
  failure({ code: "UND_ERR_HEADERS_TIMEOUT" }, { written: true, reused: true, timedOut: true }),
  failure({ code: "ECONNRESET", syscall: "read" }, { written: true, delivered: true }),
  { type: "answer", status: 503, retryAfterMs: null },
  { type: "answer", status: 429, retryAfterMs: 1000 },
  { type: "answer", status: 404, retryAfterMs: null },
];

const keyless = { keyed: false, optedIn: false, replayable: true };

/** @type {import("@reissue/core").RequestFacts[]} */
const requests = [
  { ...keyless, method: "GET" },
  { ...keyless, method: "PUT", replayable: false },
  { ...keyless, method: "POST" },
  { ...keyless, method: "POST", keyed: true },
  { ...keyless, method: "PATCH", optedIn: true },
];

const policies = [
  defaultPolicy,
  callRetryPolicy({ retryOn: ["reset", "timeout", 429], maxAttempts: 5 }, defaultPolicy, "retry"),
  callRetryPolicy({ retryOn: [], unsentWindowMs: 0 }, defaultPolicy, "retry"),
];

/** @type {import("@reissue/core").RetryState} */
const first = {
  attempts: 1,
  staleResends: 0,
  unsentResends: 0,
  unsentSinceMs: null,
  nowMs: 1_000_000,
  deadlineMs: 1_030_000,
  budgetLeft: true,
  staleBudgetLeft: true,
  aborted: false,
  random: 0.42,
};

const states = [
  first,
  { ...first, attempts: 2, staleResends: 1, random: 0.17 },
  { ...first, unsentResends: 2, unsentSinceMs: first.nowMs - 500, random: 0.83 },
  { ...first, attempts: 3, budgetLeft: false },
  { ...first, deadlineMs: first.nowMs + 10 },
  { ...first, aborted: true },
];

/** Every combination of the above, shuffled, so that the processor cannot foresee the branches. */
export const decisions = shuffled(
  outcomes.flatMap((outcome) =>
    requests.flatMap((request) =>
      policies.flatMap((policy) =>
        states.map((state) => /** @type {DecideArguments} */ ([outcome, request, policy, state])),
      ),
    ),
  ),
);

/**
 * @param {object} properties - Of the error.
 * @param {import("@reissue/core").Evidence} evidence
 * @returns {import("@reissue/core").Outcome}
 */
function failure(properties, evidence) {
  return { type: "failure", failure: classify(Object.assign(new Error(), properties), evidence) };
}

/**
 * @template Item
 * @param {readonly Item[]} items
 */
function shuffled(items) {
  const random = seededRandom(1);
  return items
    .map((item) => ({ item, place: random() }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ item }) => item);
}
