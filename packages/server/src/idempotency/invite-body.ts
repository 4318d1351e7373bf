import type { IncomingMessage, ServerResponse } from "node:http";

/** A response of node:http, or of node:http2, with what tells which interim responses were sent. */
interface Response extends ServerResponse {
  /** Undocumented. */
  readonly _sent100?: boolean;
  readonly stream?: { readonly sentInfoHeaders?: readonly { readonly ":status"?: number }[] };
}

/**
 * Has a client send its body that waits for `100 Continue` (RFC 9110 §10.1.1). Node says so itself, unless the server
 * listens for `checkContinue`: the handler may be what says so then, and it runs only once the body has arrived.
 */
export function inviteBody({ headers }: IncomingMessage, response: Response): void {
  const isExpected = headers.expect?.toLowerCase() === "100-continue";
  if (isExpected && hasInvited(response) === false) response.writeContinue();
}

/** Whether `100 Continue` was sent; null for a response made by hand, which does not tell. */
function hasInvited({ _sent100, stream }: Response): boolean | null {
  if (stream === undefined) return _sent100 ?? null;
  return stream.sentInfoHeaders?.some(({ ":status": status }) => status === 100) ?? false;
}
