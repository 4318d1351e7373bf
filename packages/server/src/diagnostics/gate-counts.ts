import { translationChannel, type Failure } from "@reissue/core";
import { claimCounts, processGates, type ClaimCounts } from "@reissue/core/internal";

import type { GateStats } from "./gate-stats.ts";

/** A response that an error was translated into. */
interface Translated {
  readonly method: string;
  readonly status: number;
  readonly retryable: boolean;
  readonly failure: Failure | null;
  readonly error: unknown;
}

/** Counts of one gate; those of all gates of the process are counted along, for metrics. */
export class GateCounts {
  readonly claims: ClaimCounts = claimCounts();
  #requests = 0;
  #timeouts = 0;
  readonly #translations: Record<string, number> = {};

  /** Counts a request that comes through the gate. */
  onRequest(): void {
    this.#requests += 1;
    processGates.requests += 1;
  }

  /** Counts a request whose timeout has expired. */
  onTimeout(): void {
    this.#timeouts += 1;
    processGates.timeouts += 1;
  }

  /** Counts an error that was translated into a response, and publishes it on `reissue:translation`. */
  onTranslation(translated: Translated): void {
    const { status } = translated;
    this.#translations[status] = (this.#translations[status] ?? 0) + 1;
    if (translationChannel.hasSubscribers) translationChannel.publish(translated);
  }

  /** Snapshot of the gate. */
  get stats(): GateStats {
    return {
      requests: this.#requests,
      keyedRuns: this.claims.runs,
      idempotency: { ...this.claims.events },
      translations: { ...this.#translations },
      timeouts: this.#timeouts,
      draining: processGates.draining > 0,
    };
  }
}
