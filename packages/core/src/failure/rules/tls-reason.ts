import type { ErrorInfo } from "../error-info.ts";
import { failureSpecs, type FailureSpec } from "../failure-spec.ts";

/**
 * OpenSSL's reasons that end a handshake before its Finished message, so that nothing of a request can have been
 * written.
 *
 * Not an alert about the client's certificate: TLS 1.3 sends it after the client has begun to write (RFC 8446
 * §4.4.2.4). Nor errors of the record layer, which come at any time.
 */
const handshakeReasons: ReadonlySet<string> = new Set([
  "WRONG_VERSION_NUMBER",
  "WRONG_SSL_VERSION",
  "UNKNOWN_PROTOCOL",
  "UNSUPPORTED_PROTOCOL",
  "PROTOCOL_VERSION",
  "VERSION_TOO_LOW",
  "NO_PROTOCOLS_AVAILABLE",
  "NO_CIPHERS_AVAILABLE",
  "NO_SHARED_CIPHER",
  "NO_APPLICATION_PROTOCOL",
  "HANDSHAKE_FAILURE",
  "INSUFFICIENT_SECURITY",
  "INAPPROPRIATE_FALLBACK",
  "UNRECOGNIZED_NAME",
  "MISSING_EXTENSION",
  "UNSUPPORTED_EXTENSION",
  "UNSAFE_LEGACY_RENEGOTIATION_DISABLED",
  "CERTIFICATE_VERIFY_FAILED",
  "DH_KEY_TOO_SMALL",
  "EE_KEY_TOO_SMALL",
  "CA_KEY_TOO_SMALL",
  "CA_MD_TOO_WEAK",
  "HTTP_REQUEST",
  "HTTPS_PROXY_REQUEST",
]);

/** `ERR_SSL_WRONG_VERSION_NUMBER`, or `EPROTO` with `…:SSL routines:ssl3_get_record:wrong version number:…`. */
const codeReason = /^ERR_SSL_([A-Z0-9_]+)$/;
const messageReason = /:SSL routines:[^:]{0,80}:([^:]{1,80})/;
/** `sslv3 alert handshake failure` and `tlsv1 unrecognized name` are the alerts' names with a prefix. */
const alertPrefix = /^(?:SSLV3|TLSV1|TLSV13)_(?:ALERT_)?/;

/** Row of an error of OpenSSL; null for any other. */
export function specOfTls(info: ErrorInfo): FailureSpec | null {
  const { code, message } = info;
  if (code === null) return null;
  const match = code === "EPROTO" ? messageReason.exec(message) : codeReason.exec(code);
  if (match === null) return null;
  const reason = (match[1] ?? "").toUpperCase().replaceAll(" ", "_").replace(alertPrefix, "");
  return handshakeReasons.has(reason) ? failureSpecs.handshake : failureSpecs.lateTls;
}
