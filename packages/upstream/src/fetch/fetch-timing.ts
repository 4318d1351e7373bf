import { performance } from "node:perf_hooks";

// Saved when Reissue is loaded: tests replace them on `performance`.
const { markResourceTiming } = performance as unknown as {
  markResourceTiming: (
    timing: object,
    url: string,
    initiatorType: string,
    global: object,
    cacheMode: "",
    bodyInfo: string,
    status: number,
  ) => void;
};
const now = performance.now.bind(performance);

/** Timing of a call for the Performance Timeline: the same entry as for a call of the platform's fetch. */
export class FetchTiming {
  readonly #startTime = now();
  #postRedirectStartTime = this.#startTime;
  #redirectEndTime = 0;
  #requestStart = 0;
  #responseStart = 0;
  encodedBodySize = 0;
  decodedBodySize = 0;

  /** Notes that a redirect is followed. */
  onRedirect(): void {
    this.#redirectEndTime = now();
    this.#postRedirectStartTime = this.#redirectEndTime;
    this.#responseStart = 0;
  }

  onRequestStart(): void {
    this.#requestStart = now();
    this.#responseStart = 0;
  }

  /** Notes the first byte of the response, or its headers where that event is missing. */
  onResponseStart(): void {
    if (this.#responseStart === 0) this.#responseStart = now();
  }

  /** Adds the entry to the timeline. */
  mark(url: string, status: number): void {
    const startTime = this.#startTime;
    const connection = this.#postRedirectStartTime;
    const timing = {
      startTime,
      redirectStartTime: this.#redirectEndTime === 0 ? 0 : startTime,
      redirectEndTime: this.#redirectEndTime,
      postRedirectStartTime: connection,
      finalServiceWorkerStartTime: 0,
      finalNetworkRequestStartTime: this.#requestStart,
      finalNetworkResponseStartTime: this.#responseStart,
      endTime: now(),
      encodedBodySize: this.encodedBodySize,
      decodedBodySize: this.decodedBodySize,
      finalConnectionTimingInfo: {
        domainLookupStartTime: connection,
        domainLookupEndTime: connection,
        connectionStartTime: connection,
        connectionEndTime: connection,
        secureConnectionStartTime: connection,
        ALPNNegotiatedProtocol: undefined,
      },
    };
    markResourceTiming(timing, url, "fetch", globalThis, "", "", status);
  }
}
