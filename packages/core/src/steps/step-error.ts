import { ReissueError, type ErrorCode } from "../common/reissue-error.ts";

/** An outbound call could not be given a derived key; nothing of it has been sent. */
export class StepError extends ReissueError {
  /** The step that was named; undefined where none was. */
  readonly step: string | undefined;

  constructor(code: ErrorCode, message: string, step: string | undefined) {
    super(code, message);
    this.step = step;
  }
}

/** The error of a call that names no step. */
export function stepMissingError(): StepError {
  return new StepError(
    "ERR_REISSUE_STEP_MISSING",
    'A call under a derived Idempotency-Key has to name its step: { step: "charge" } on the call or its route',
    undefined,
  );
}

/** The error of a call whose step is under way, or was taken for another request. */
export function stepReusedError(step: string, isUnderWay: boolean): StepError {
  return new StepError(
    "ERR_REISSUE_STEP_REUSED",
    isUnderWay
      ? "Another call of this request is under way with the same step"
      : "The same step was taken before for another request, or for a body that cannot be compared",
    step,
  );
}
