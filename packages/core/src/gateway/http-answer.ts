import type { GatewayError } from "./gateway-error.ts";

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
