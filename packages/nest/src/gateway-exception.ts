import { STATUS_CODES } from "node:http";

import { HttpException } from "@nestjs/common";
import type { GatewayError } from "@reissue/core";

/**
 * The exception that Nest's filters get for a failure that Reissue responds to: an `HttpException`, so that filters for
 * those format it as any other.
 *
 * Its headers are set on the response before a filter runs. Its message is constant, and says nothing internal.
 */
export class GatewayException extends HttpException {
  /** The headers of the response, such as `x-should-retry`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The status, under the name that Express and Fastify read. */
  readonly statusCode: number;
  /** The stable code of a request that was refused, such as `ERR_REISSUE_KEY_MISSING`; undefined for others. */
  readonly code: string | undefined;

  /** @param error - Becomes the message and the `cause`: what failed, and why. */
  constructor(error: GatewayError) {
    const { status, headers, cause } = error;
    super({ statusCode: status, message: messageOf(error) }, status, { cause: cause ?? error });
    this.headers = headers;
    this.statusCode = status;
    const { code } = error as { readonly code?: unknown };
    this.code = typeof code === "string" ? code : undefined;
  }
}

function messageOf({ expose, message, status }: GatewayError): string {
  if (expose) return message;
  // As Nest responds to errors that it does not know.
  return status === 500 ? "Internal server error" : (STATUS_CODES[status] ?? "Error");
}
