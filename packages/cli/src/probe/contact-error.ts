import { classify } from "@reissue/core";
import { describeFailure } from "@reissue/core/internal";

import { CommandError, exitCodes } from "../exit-code.ts";

/** The error for a server that cannot be measured, with the exit code that says why. */
export function contactError(error: unknown, url: URL): CommandError {
  const failure = classify(error);
  const { kind, phase } = failure;
  const where = `${url.protocol}//${url.host}`;
  const what = describeFailure(failure).split(", it ")[0];
  const reason = error instanceof Error ? error.message : String(error);
  const message = `${where}: ${what} (${reason}).`;
  if (kind === "certificate") {
    const hint = "--ca <file> trusts its authority, --insecure accepts any certificate.";
    return new CommandError(exitCodes.tls, message, hint, { cause: error });
  }
  if (kind === "tls" || phase === "tls") {
    const plain = /wrong version number|packet length too long/i.test(reason);
    const hint = plain ? `The port seems to speak plain HTTP: http://${url.host}` : "";
    return new CommandError(exitCodes.tls, message, hint, { cause: error });
  }
  if (phase === "dns" || phase === "connect" || phase === "pool") {
    return new CommandError(exitCodes.unreachable, message, "", { cause: error });
  }
  const hint =
    url.protocol === "http:" ? `If the port speaks TLS: https://${url.host}` : "Is it HTTP/1.1?";
  const problem = `${where} accepts connections, and does not respond in HTTP: ${what} (${reason}).`;
  return new CommandError(exitCodes.notHttp, problem, hint, { cause: error });
}
