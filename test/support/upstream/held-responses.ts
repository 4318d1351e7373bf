import type { UpstreamResponse } from "@reissue/testing";

/** Answers that wait until the test lets them go, by path. */
export class Gate {
  readonly #waiting = new Map<string, () => void>();
  readonly #open = new Set<string>();

  /** The answer to a request for that path, once it is opened. */
  async answer(path: string): Promise<UpstreamResponse> {
    if (!this.#open.has(path)) await new Promise<void>((go) => this.#waiting.set(path, go));
    return {};
  }

  /** Lets answers for that path go. */
  open(path: string): void {
    this.#open.add(path);
    this.#waiting.get(path)?.();
  }
}
