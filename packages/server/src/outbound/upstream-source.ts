import { OptionError } from "@reissue/core";
import { describe } from "@reissue/core/internal";

/** The outbound client of a gate. */
export interface UpstreamHolder<Upstream> {
  /** The client, opened when it is first asked for. */
  readonly get: () => Upstream;
  /** Closes the client that the gate opened, once its calls have ended; one that it was given stays open. */
  readonly close: () => Promise<void>;
}

/**
 * Takes what a user gave as `upstream`: a client that is open, which stays theirs to close; or options for one.
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
  let own = given === undefined ? undefined : open(given as Options);
  const get = (): Upstream => (own ??= open());
  // One that was never opened is opened to be closed, so that calls after the close are refused all the same.
  return { get, close: () => get().close() };
}

/** Whoever opened it closes it. */
async function leaveOpen(): Promise<void> {}
