import { EventEmitter } from "node:events";

import {
  OptionError,
  type DecisionMessage,
  type Failure,
  type GiveUpReason,
  type ResendReason,
} from "@reissue/core";
import { describe, isRace } from "@reissue/core/internal";

/** Facts of an attempt that every event has. It names no URL, key or body. */
export interface AttemptEvent {
  /** URL origin, such as `http://orders:3000`. */
  readonly origin: string;
  /** Method, in capitals. */
  readonly method: string;
  /** Number of the attempt that ended, 1 for the first. */
  readonly attempt: number;
  /** Failure of the attempt; null where its response had a status that is retried. */
  readonly failure: Failure | null;
  /** Status of the response; null for none. */
  readonly status: number | null;
}

/** Event of a request that is sent again. */
export interface ResendEvent extends AttemptEvent {
  readonly reason: ResendReason;
  /** Wait before the resend, in ms. */
  readonly delayMs: number;
  /** Connection that the resend takes: `fresh` for one that has not carried a request. */
  readonly connection: "fresh" | "any";
}

/** Event of a request that is not sent again after an attempt that failed, or whose response had a retryable status. */
export interface GiveUpEvent extends AttemptEvent {
  readonly reason: GiveUpReason;
}

/** Events of a client, by name. */
export interface UpstreamEventMap {
  /** A request is sent again. */
  resend: ResendEvent;
  /** A request is not sent again: its caller gets the error, or the response that has come. */
  "give-up": GiveUpEvent;
  /** An attempt met a connection that the upstream was closing; a `resend` or a `give-up` follows. */
  stale: AttemptEvent;
}

/** Name of an event of a client. */
export type UpstreamEventName = keyof UpstreamEventMap;

const names: readonly UpstreamEventName[] = ["resend", "give-up", "stale"];

/** Listener of an event of a client. */
export type UpstreamListener<Name extends UpstreamEventName> = (
  event: UpstreamEventMap[Name],
) => void;

/** Listeners of a client. */
export class UpstreamEvents {
  readonly #emitter = new EventEmitter();

  add<Name extends UpstreamEventName>(name: Name, listener: UpstreamListener<Name>): void {
    if (!names.includes(name)) {
      throw new OptionError("name", `must be one of ${names.join(", ")}, got ${describe(name)}`);
    }
    this.#emitter.on(name, listener);
  }

  remove<Name extends UpstreamEventName>(name: Name, listener: UpstreamListener<Name>): void {
    this.#emitter.off(name, listener);
  }

  /** Tells the listeners of a decision, and of what it follows. */
  tell({ origin, request, attempt, outcome, decision }: DecisionMessage): void {
    const failure = outcome.type === "failure" ? outcome.failure : null;
    const status = outcome.type === "failure" ? null : outcome.status;
    const event = { origin, method: request.method, attempt, failure, status };
    if (isRace(outcome)) this.#emit("stale", event);
    const { action, ...facts } = decision;
    this.#emit(action, { ...event, ...facts });
  }

  /** A listener that throws must not break the call: its error ends the process as any uncaught one does. */
  #emit(name: UpstreamEventName, event: AttemptEvent): void {
    try {
      this.#emitter.emit(name, event);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }
}
