import { OptionError, type Awaitable } from "@reissue/core";
import { chosenFingerprint, describe } from "@reissue/core/internal";

/**
 * What a retry has in common with the first request, in the place of method, path, content type and body: what it gives
 * is compared, and nothing else is.
 *
 * It is given what the framework's own middleware are given, which no parser has seen yet, and the raw bytes of the body. It
 * may be async: nothing runs before it has settled.
 */
export type Fingerprint<Carrier> = (
  carrier: Carrier,
  body: Uint8Array,
) => Awaitable<string | Uint8Array>;

/**
 * The fingerprint of a request as its service makes it.
 *
 * @throws {@link OptionError} where it is made of nothing: all requests with a key would be one.
 */
export async function ownFingerprint<Carrier>(
  fingerprint: Fingerprint<Carrier>,
  carrier: Carrier,
  body: Uint8Array,
): Promise<string> {
  const chosen: unknown = await fingerprint(carrier, body);
  const isSome = typeof chosen === "string" || chosen instanceof Uint8Array;
  if (isSome && chosen.length > 0) return chosenFingerprint(chosen);
  const problem = `must return a string or bytes, not empty, got ${describe(chosen)}`;
  throw new OptionError("idempotency.fingerprint", problem);
}
