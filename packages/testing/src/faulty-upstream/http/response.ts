import { OptionError } from "@reissue/core";
import { checkKeys } from "@reissue/core/internal";
import { numberOption } from "../../option.ts";

/** The response of an upstream without a fault. */
export interface UpstreamResponse {
  /** @defaultValue 200 */
  readonly status?: number | undefined;
  /**
   * Headers, sent as they are; `connection: close` closes after the response. A framing header (Content-Length,
   * Transfer-Encoding) is added unless one is given, right or wrong.
   */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** @defaultValue `"ok"` */
  readonly body?: string | Uint8Array | undefined;
  /** Sends the body in two chunks instead of with Content-Length. @defaultValue false */
  readonly chunked?: boolean | undefined;
  /** Milliseconds between processing and the response. @defaultValue 0 */
  readonly delayMs?: number | undefined;
}

/**
 * Checks a response.
 *
 * @throws OptionError with the option's path
 */
export function checkResponse(path: string, response: UpstreamResponse): void {
  checkKeys(response, path, ["status", "headers", "body", "chunked", "delayMs"]);
  const { body } = response;
  numberOption(`${path}.status`, response.status, { fallback: 200, min: 200, max: 599 });
  numberOption(`${path}.delayMs`, response.delayMs, {
    fallback: 0,
    min: 0,
    max: 3_600_000,
    fraction: true,
  });
  if (body !== undefined && typeof body !== "string" && !(body instanceof Uint8Array)) {
    throw new OptionError(`${path}.body`, "must be a string or bytes");
  }
}
