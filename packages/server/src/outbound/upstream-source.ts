import { OptionError, type ValidateOption } from "@reissue/core";
import { describe, readWithin } from "@reissue/core/internal";

/** The outbound client of a gate. */
export interface UpstreamHolder<Upstream> {
  /** Returns the client, opened at its first use. */
  readonly get: () => Upstream;
  /** Closes a client that the gate has opened, once its calls have ended; a client that was given stays open. */
  readonly close: () => Promise<void>;
}

/** Options of a client, as far as they depend on its gate. */
interface ValidatedOptions {
  readonly validate?: ValidateOption | undefined;
}

/**
 * Reads a gate's `upstream` option: an open client, which its owner closes, or options for a client of the gate.
 *
 * @param validate - The gate's own value, which holds for its client too.
 * @throws {@link OptionError} for anything else, and for wrong options.
 */
export function upstreamSource<
  Upstream extends { close(): Promise<void> },
  Options extends ValidatedOptions,
>(
  given: Upstream | Options | undefined,
  open: (options: Options) => Upstream,
  validate: ValidateOption | undefined,
): UpstreamHolder<Upstream> {
  if (typeof given === "function") {
    if ("dispatcher" in given) return { get: () => given, close: leaveOpen };
    throw new OptionError("upstream", `must be an upstream or its options, got ${describe(given)}`);
  }
  const openWith = (options: Options): Upstream => open(validated(options, validate));
  let own =
    given === undefined ? undefined : readWithin("upstream", () => openWith(given as Options));
  const get = (): Upstream => (own ??= openWith({} as Options));
  // A client that was never used is opened to be closed, so that calls after the close are refused all the same.
  return { get, close: () => get().close() };
}

/** Gives the options of a client the gate's `validate`, where they have none of their own. */
function validated<Options extends ValidatedOptions>(
  options: Options,
  validate: ValidateOption | undefined,
): Options {
  const isGiven = validate === undefined || typeof options !== "object" || options === null;
  return isGiven || "validate" in options ? options : { ...options, validate };
}

async function leaveOpen(): Promise<void> {}
