/** An error of http-errors' kind, which Express, Koa and Fastify turn into a response with its status and headers. */
export interface GatewayError extends Error {
  readonly status: number;
  readonly statusCode: number;
  /** False: its message is not for clients, though it says nothing that they may not know. */
  readonly expose: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

const brand = Symbol.for("reissue.answer");

/** Marks an error of http-errors' kind as an answer that Reissue gives. */
export function brandHttpAnswer<Answer extends GatewayError>(error: Answer): Answer {
  return Object.defineProperty(error, brand, { value: true });
}

/** Whether an error is an answer that Reissue gives, of whichever copy of the package: not the application's. */
export function isHttpAnswer(value: unknown): value is GatewayError {
  try {
    return value instanceof Error && brand in value;
  } catch {
    // A proxy may throw at either.
    return false;
  }
}

/**
 * Hangs the original on an error of http-errors'.
 *
 * Not as a property of `createError`, which would make it enumerable, so that serializers printed it; and never
 * `createError(status, cause)`, which changes the cause itself and lets the cause's own status win.
 */
export function withCause(error: Error, cause: unknown): GatewayError {
  Object.defineProperty(error, "cause", { value: cause, configurable: true, writable: true });
  return error as GatewayError;
}
