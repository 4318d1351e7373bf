import { ReissueError, type ErrorCode } from "../common/reissue-error.ts";

/** Error of an outbound call that could not get a derived key; nothing was sent. */
export class StepError extends ReissueError {
  /** Named step; undefined for none. */
  readonly step: string | undefined;

  constructor(code: ErrorCode, message: string, step: string | undefined) {
    super(code, message);
    this.step = step;
  }
}

/** Creates the error of a call without a step. */
export function stepMissingError(): StepError {
  return new StepError(
    "ERR_REISSUE_STEP_MISSING",
    'A call under a derived Idempotency-Key has to name its step: { step: "charge" } on the call or its route',
    undefined,
  );
}

/** Creates the error of a call whose step is under way, or was used for another request. */
export function stepReusedError(step: string, isUnderWay: boolean): StepError {
  return new StepError(
    "ERR_REISSUE_STEP_REUSED",
    isUnderWay
      ? "Another call of this request is under way with the same step"
      : "The same step was used before for another request, or for a body that cannot be compared",
    step,
  );
}
