import { derivedKey } from "../idempotency/hash/derived-key.ts";
import { stepReusedError } from "./step-error.ts";

/** Outbound call that gets a derived key. */
export interface StepCall {
  /** Name of the call among those of the inbound request, given by its author. */
  readonly step: string;
  readonly origin: string;
  readonly method: string;
  /** Equal for the same path and body; null where the body is unknown before it is read. */
  readonly fingerprint: string | null;
  /** Whether this is the continuation of a call after a redirect. */
  readonly redirected: boolean;
}

/** Step that has begun. */
export interface OutboundStep {
  /** Idempotency key of the call, without quotes. */
  readonly key: string;
  /** Allows the step to be called again; called when the caller gets a response or an error. */
  end(): void;
}

/** Inbound request that the steps belong to. */
export interface StepOwner {
  /** Scope in which the key was read. */
  readonly scope: string;
  /** Idempotency key of the request, without quotes. */
  readonly key: string;
}

/**
 * Steps of one inbound request: the calls under derived keys that it has made, and which of them are under way.
 *
 * With one key for two requests, the upstream would respond to the second with the result of the first. Therefore a
 * step belongs to one request to an origin: the same request gets the same key once the step has ended, and any other
 * is refused.
 */
export class OutboundSteps {
  #owner: StepOwner | null;
  /** Random owner, until the real one is existing. */
  #anonymous: StepOwner | null = null;
  #steps: Map<string, Step> | null = null;

  /** @param owner - Inbound request; without a key of its own, the keys are random, and no retry repeats them. */
  constructor(owner: StepOwner | null = null) {
    this.#owner = owner;
  }

  /**
   * Sets the owner of the steps that begin from now on, where it was unknown when the first client was bound: a route
   * may read the key, or an inner gate may name the scope, after a middleware has made calls. The first owner stays.
   */
  ownedBy(owner: StepOwner): void {
    this.#owner ??= owner;
  }

  /**
   * Begins the step of a call.
   *
   * @throws StepError for a step that is under way, or was another request.
   */
  begin(call: StepCall): OutboundStep {
    const { step, origin, method, fingerprint } = call;
    const owner = this.#owner ?? (this.#anonymous ??= { scope: "", key: crypto.randomUUID() });
    this.#steps ??= new Map();
    const name = `${method} ${origin} ${step}`;
    const existing = this.#steps.get(name);
    if (existing !== undefined) return existing.repeat(call);
    const begun = new Step(derivedKey({ ...owner, origin, method, step }), fingerprint);
    this.#steps.set(name, begun);
    return begun;
  }
}

class Step implements OutboundStep {
  readonly key: string;
  readonly #fingerprint: string | null;
  #underWay = true;

  constructor(key: string, fingerprint: string | null) {
    this.key = key;
    this.#fingerprint = fingerprint;
  }

  /** Begins the step once more. */
  repeat({ step, fingerprint, redirected }: StepCall): this {
    const same = this.#fingerprint !== null && this.#fingerprint === fingerprint;
    if (this.#underWay || !(same || redirected)) throw stepReusedError(step, this.#underWay);
    this.#underWay = true;
    return this;
  }

  end(): void {
    this.#underWay = false;
  }
}
