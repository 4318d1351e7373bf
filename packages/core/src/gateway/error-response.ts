/** Error of http-errors' kind, which Express, Koa and Fastify turn into a response with its status and headers. */
export interface GatewayError extends Error {
  readonly status: number;
  readonly statusCode: number;
  /** False: the message is not shown to clients, though it says nothing that they may not know. */
  readonly expose: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

const brand = Symbol.for("reissue.answer");

/** Marks an error as a response of Reissue. */
export function brandErrorResponse<Branded extends GatewayError>(error: Branded): Branded {
  return Object.defineProperty(error, brand, { value: true });
}

/** Whether an error is a response of Reissue, of any copy of the package, not the application's. */
export function isErrorResponse(value: unknown): value is GatewayError {
  try {
    return value instanceof Error && brand in value;
  } catch {
    // A proxy may throw at either.
    return false;
  }
}

/**
 * Sets the cause of an error of http-errors.
 *
 * Not as a property of `createError`, which would be enumerable, so that serializers printed it; and never
 * `createError(status, cause)`, which changes the cause itself and lets its status win.
 */
export function withCause(error: Error, cause: unknown): GatewayError {
  Object.defineProperty(error, "cause", { value: cause, configurable: true, writable: true });
  return error as GatewayError;
}
