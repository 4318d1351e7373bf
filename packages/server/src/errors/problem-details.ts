import { STATUS_CODES } from "node:http";

import type { GatewayError } from "@reissue/core";

/** An error as RFC 9457 renders it. */
export interface ProblemDetails {
  /** A stable URN, such as `urn:reissue:upstream-failed`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** Only where the message is for the client. */
  readonly detail?: string;
}

/** The problem details of an error in the form of http-errors; a message that is not for clients is left out. */
export function problemDetails(error: GatewayError): ProblemDetails {
  const { status, expose, message } = error;
  return {
    type: typeOf(error),
    title: STATUS_CODES[status] ?? "Error",
    status,
    ...(expose ? { detail: message } : {}),
  };
}

function typeOf(error: GatewayError): string {
  const code: unknown = "code" in error ? error.code : undefined;
  const named = typeof code === "string" && code.startsWith("ERR_REISSUE_");
  if (named) return `urn:reissue:${code.slice(12).toLowerCase().replaceAll("_", "-")}`;
  return error.status >= 500 ? "urn:reissue:upstream-failed" : "about:blank";
}
