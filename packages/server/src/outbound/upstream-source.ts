import { OptionError } from "@reissue/core";
import { describe, readWithin } from "@reissue/core/internal";

/** The outbound client of a gate. */
export interface UpstreamHolder<Upstream> {
  /** Returns the client, opened at its first use. */
  readonly get: () => Upstream;
  /** Closes a client that the gate has opened, once its calls have ended; a client that was given stays open. */
  readonly close: () => Promise<void>;
}

/**
 * Reads a gate's `upstream` option: an open client, which its owner closes, or options for a client of the gate.
 *
 * @throws {@link OptionError} for anything else, and for wrong options.
 */
export function upstreamSource<Upstream extends { close(): Promise<void> }, Options extends object>(
  given: Upstream | Options | undefined,
  open: (options?: Options) => Upstream,
): UpstreamHolder<Upstream> {
  if (typeof given === "function") {
    if ("dispatcher" in given) return { get: () => given, close: leaveOpen };
    throw new OptionError("upstream", `must be an upstream or its options, got ${describe(given)}`);
  }
  let own = given === undefined ? undefined : readWithin("upstream", () => open(given as Options));
  const get = (): Upstream => (own ??= open());
  // A client that was never used is opened to be closed, so that calls after the close are refused all the same.
  return { get, close: () => get().close() };
}

async function leaveOpen(): Promise<void> {}
