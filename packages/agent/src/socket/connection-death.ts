/** The message of the error that TLS gives, without an errno, when a connection ends before its handshake has. */
const endedInHandshake = "before secure TLS connection was established";

/**
 * Whether a socket is destroyed with the operating system's word that its connection is gone, rather than by the client:
 * an errno, several of them where more than one address was tried, or the end of a TLS handshake.
 */
export function isConnectionDeath(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { errno, code, errors } = error as NodeJS.ErrnoException & { errors?: unknown };
  if (typeof errno === "number") return true;
  if (Array.isArray(errors)) return errors.length > 0 && errors.every(isConnectionDeath);
  return code === "ECONNRESET" && error.message.includes(endedInHandshake);
}
