import { derivedKey } from "../idempotency/hash/derived-key.ts";
import { stepReusedError } from "./step-error.ts";

/** An outbound call that is to have a derived key. */
export interface StepCall {
  /** Which of the inbound request's calls it is, as its author named it. */
  readonly step: string;
  readonly origin: string;
  readonly method: string;
  /** The same for the same path and body; null where that cannot be told before the body is read. */
  readonly fingerprint: string | null;
  /** Whether it is the rest of a call that had begun, sent to where a redirect led. */
  readonly redirected: boolean;
}

/** A step that has begun. */
export interface OutboundStep {
  /** The call's idempotency key, without quotes. */
  readonly key: string;
  /** Lets the step be called again; called when the caller is given a response or an error. */
  end(): void;
}

/** The request whose calls are named. */
export interface StepOwner {
  /** Whose request it is: the scope that its key was read in. */
  readonly scope: string;
  /** Its idempotency key, without quotes. */
  readonly key: string;
}

/**
 * The steps of one inbound request: which calls under derived keys it has made, and which of them are under way.
 *
 * A key that stands for two requests would have the upstream answer the second with the receipt of the first, so a step
 * belongs to one request to an origin: the same again once it has ended gets the same key, and any other is refused.
 */
export class OutboundSteps {
  #owner: StepOwner | null;
  /** Stands in for the owner while nobody has named one. */
  #anonymous: StepOwner | null = null;
  #steps: Map<string, Step> | null = null;

  /** @param owner - The inbound request; without a key of its own, the keys are random, and no retry repeats them. */
  constructor(owner: StepOwner | null = null) {
    this.#owner = owner;
  }

  /**
   * Told whose the steps are that begin from now on, where that was not known when the first client was bound: a route
   * may read the key, or an inner gate name the scope, after a middleware has made calls. The first to be told counts.
   */
  ownedBy(owner: StepOwner): void {
    this.#owner ??= owner;
  }

  /**
   * Begins the step of a call.
   *
   * @throws StepError where it is under way, or was another request.
   */
  begin(call: StepCall): OutboundStep {
    const { step, origin, method, fingerprint } = call;
    const owner = this.#owner ?? (this.#anonymous ??= { scope: "", key: crypto.randomUUID() });
    this.#steps ??= new Map();
    const name = `${method} ${origin} ${step}`;
    const known = this.#steps.get(name);
    if (known !== undefined) return known.repeat(call);
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

  /** Begins it once more. @throws StepError where that would be another request, or two at once. */
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
