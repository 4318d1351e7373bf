// @ts-check
import { classify, defaultPolicy, isIdempotentMethod, RetryBudget } from "@reissue/core";
import { ConnectBreaker, IdleLimit, RetryHistory, retryPolicy } from "@reissue/core/internal";

/** `idleMs` and `unsafeIdleMs` of an origin, by default. */
const idleMs = 4000;
const unsafeIdleMs = 1000;

const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
const closed = Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" });
const late = new DOMException("The upstream did not respond in time", "TimeoutError");

/**
 * Reissue: the real decision, history, budgets, breaker and idle limit of `@reissue/core`, on the clock of the simulation.
 * Only the pool is written anew, after packages/upstream/src/origin, without sockets.
 */
export class Reissue {
  #idleLimit = new IdleLimit(idleMs);
  /** Calls that wait for the outcome of a probe. */
  #held = /** @type {import("../call.js").Call[]} */ ([]);

  /**
   * @param {import("../client.js").Client} client
   * @param {import("@reissue/core").RetryOptions} [options]
   */
  constructor(client, options = {}) {
    const { clock, counts } = client.world;
    this.client = client;
    this.policy = policyOf(options);
    this.origin = {
      client: /** @type {const} */ ("upstream"),
      name: "http://upstream",
      clock,
      breaker: new ConnectBreaker(this.policy.unsentWindowMs),
      budget: new RetryBudget(this.policy.budget),
      staleBudget: new RetryBudget(this.policy.staleBudget),
      counts,
      onDecision: null,
    };
  }

  begin(/** @type {import("../call.js").Call} */ call) {
    const { startedAtMs, method } = call;
    this.origin.budget.deposit(startedAtMs);
    this.origin.staleBudget.deposit(startedAtMs);
    const facts = { method, keyed: false, optedIn: false, replayable: true };
    const { origin, policy } = this;
    call.memory = {
      history: new RetryHistory(false),
      request: { origin, facts, policy, deadlineMs: startedAtMs + policy.totalTimeoutMs },
    };
    call.memory.history.begin(startedAtMs);
  }

  take(/** @type {import("../call.js").Call} */ call) {
    const { client } = this;
    const { nowMs } = client.world.queue;
    const limitMs = this.#idleLimit.currentMs(nowMs);
    while (client.idle.length > 0) {
      const last = client.idle[client.idle.length - 1];
      const restedMs = nowMs - last.idleSinceMs;
      if (restedMs <= limitMs) {
        const isAvoided = !isIdempotentMethod(call.method) && this.#isAvoided(restedMs, nowMs);
        if (isAvoided) return null;
        client.idle.pop();
        return last;
      }
      client.close(last);
    }
    return null;
  }

  admits(/** @type {import("../call.js").Call} */ call) {
    const { nowMs } = this.client.world.queue;
    if (this.origin.breaker.holdsBack(call, nowMs)) {
      if (!this.#held.includes(call)) this.#held.push(call);
      return false;
    }
    this.origin.breaker.begin(call, nowMs);
    return true;
  }

  onConnected() {
    this.origin.breaker.onConnected(this.client.world.queue.nowMs);
    this.#serveHeld();
  }

  /**
   * @param {import("../call.js").Call} call
   */
  onSuccess(call) {
    if (call.idleMs !== null) this.#idleLimit.onAnswer(call.idleMs);
    call.memory.history.onResponse(call.memory.request);
  }

  onIdle() {
    if (this.#held.length > 0) this.#serveHeld();
  }

  onIdleEnd(/** @type {number} */ restedMs) {
    this.#idleLimit.onDeath(restedMs, this.client.world.queue.nowMs);
  }

  /**
   * @param {import("../call.js").Call} call
   * @param {import("../call.js").Outcome} outcome
   */
  next(call, outcome) {
    const { nowMs } = this.client.world.queue;
    const { history, request } = call.memory;
    const place = this.#held.indexOf(call);
    if (place !== -1) this.#held.splice(place, 1);
    const [failure, error] = outcome.type === "response" ? [null, null] : this.#read(call, outcome);
    history.add(
      {
        attempt: call.attempts,
        startedAtMs: call.sentAtMs,
        durationMs: nowMs - call.sentAtMs,
        reused: call.connection === null ? null : call.idleMs !== null,
        idleMs: call.connection === null ? null : call.idleMs,
        failure,
        status: outcome.type === "response" ? outcome.status : null,
        error,
        repeats: 0,
      },
      call.sentAtMs,
    );
    if (outcome.type === "refused" && !outcome.isHeld) this.#onRefused(call);
    if (failure?.delivery === "stale") this.#onStale(call);
    const decision = history.decideAndCharge(
      outcome.type === "response"
        ? { type: "answer", status: outcome.status, retryAfterMs: null }
        : { type: "failure", failure },
      request,
    );
    if (decision.action === "give-up") return null;
    history.begin(nowMs + decision.delayMs);
    return { delayMs: decision.delayMs, fresh: decision.connection === "fresh" };
  }

  /**
   * Classifies a failure, by the evidence that the real client has.
   *
   * @param {import("../call.js").Call} call
   * @param {Exclude<import("../call.js").Outcome, { type: "response" }>} outcome
   */
  #read(call, outcome) {
    if (outcome.type === "refused") {
      return /** @type {const} */ ([classify(refused, { written: false }), refused]);
    }
    if (outcome.type === "timeout") {
      const evidence = outcome.isHeld
        ? /** @type {const} */ ({ written: false, timedOut: true, phase: "pool" })
        : { written: true, timedOut: true, responseStarted: false, delivered: false };
      return /** @type {const} */ ([classify(late, evidence), late]);
    }
    const failure = classify(closed, {
      written: true,
      reused: call.idleMs !== null,
      responseStarted: false,
      delivered: false,
      diedAfterMs: outcome.diedAfterMs,
      roundTripMs: 2 * this.client.world.oneWayMs,
    });
    return /** @type {const} */ ([failure, closed]);
  }

  #onRefused(/** @type {import("../call.js").Call} */ call) {
    const { breaker } = this.origin;
    const { nowMs } = this.client.world.queue;
    breaker.onFailed(call, refused, call.sentAtMs, nowMs);
    if (!breaker.isUnprobed(nowMs)) return;
    for (const held of this.#held.splice(0)) {
      this.client.settle(held, { type: "refused", isHeld: true });
    }
  }

  #onStale(/** @type {import("../call.js").Call} */ call) {
    const { client } = this;
    const { connection } = call;
    this.#idleLimit.onDeath(call.idleMs ?? 0, client.world.queue.nowMs);
    const sinceMs = connection?.idleSinceMs ?? -Infinity;
    while (client.idle.length > 0 && client.idle[0].idleSinceMs <= sinceMs) {
      client.close(client.idle[0]);
    }
  }

  /** Whether a request that must not be resent avoids a connection that has been idle for that long. */
  #isAvoided(/** @type {number} */ restedMs, /** @type {number} */ nowMs) {
    const limit = this.#idleLimit;
    if (restedMs > unsafeIdleMs) return true;
    if (!limit.endangers(restedMs, nowMs)) return false;
    limit.onStanding(nowMs - this.client.idle[0].idleSinceMs);
    if (!limit.endangers(restedMs, nowMs)) return false;
    limit.onPassedOver(restedMs);
    return true;
  }

  #serveHeld() {
    for (const call of this.#held.splice(0)) this.client.place(call);
  }
}

/** @type {Map<string, import("@reissue/core").RetryPolicy>} */
const policies = new Map();

/** The policy of these options, resolved and checked as an origin's are. */
function policyOf(/** @type {import("@reissue/core").RetryOptions} */ options) {
  const name = JSON.stringify(options);
  let policy = policies.get(name);
  if (policy === undefined) {
    policy = retryPolicy(options, defaultPolicy, "retry");
    policies.set(name, policy);
  }
  return policy;
}
