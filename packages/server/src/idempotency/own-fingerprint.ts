import { OptionError, type Awaitable } from "@reissue/core";
import { chosenFingerprint, describe } from "@reissue/core/internal";

/**
 * The fingerprint of a request: equal for a retry and its first request. Its result is compared in the place of method,
 * path, content type and body, and nothing else is.
 *
 * Called with the argument of the framework's own middleware, before any body parser has run, and with the raw bytes of
 * the body. May be async: nothing runs before the result has settled.
 */
export type Fingerprint<FrameworkContext> = (
  frameworkContext: FrameworkContext,
  body: Uint8Array,
) => Awaitable<string | Uint8Array>;

/**
 * Calls a service's own `fingerprint`.
 *
 * @throws {@link OptionError} where the result is empty: all requests with a key would be the same.
 */
export async function ownFingerprint<FrameworkContext>(
  fingerprint: Fingerprint<FrameworkContext>,
  frameworkContext: FrameworkContext,
  body: Uint8Array,
): Promise<string> {
  // A copy: the function may work on the bytes in their place, and the handler reads them later.
  const chosen: unknown = await fingerprint(frameworkContext, Uint8Array.from(body));
  const isBytes = typeof chosen === "string" || chosen instanceof Uint8Array;
  if (isBytes && chosen.length > 0) return chosenFingerprint(chosen);
  const problem = `must return a string or bytes, not empty, got ${describe(chosen)}`;
  throw new OptionError("idempotency.fingerprint", problem);
}
