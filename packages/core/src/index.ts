export { systemClock, type Clock, type Timer } from "./clock.ts";
export {
  attemptChannel,
  decisionChannel,
  type AttemptMessage,
  type DecisionMessage,
} from "./diagnostics.ts";
export {
  ClosedError,
  isReissueError,
  OptionError,
  ReissueError,
  UpstreamError,
  type AttemptRecord,
  type ErrorCode,
} from "./errors.ts";
export type {
  Delivery,
  Evidence,
  Failure,
  FailureKind,
  Phase,
  ProxyErrorType,
} from "./failure/failure.ts";
export { classify } from "./failure/classify.ts";
export { fullJitter, type BackOff } from "./retry/back-off.ts";
export { RetryBudget, type BudgetOptions } from "./retry/budget.ts";
export {
  defaultConditions,
  failureCondition,
  statusListed,
  type Condition,
} from "./retry/condition.ts";
export {
  decide,
  isRetrySafe,
  type Decision,
  type GiveUpReason,
  type Outcome,
  type RequestFacts,
  type ResendReason,
  type RetryState,
} from "./retry/decide.ts";
export { isIdempotentMethod, isSafeMethod } from "./retry/method.ts";
export {
  gatewayError,
  type GatewayError,
  type GatewayErrorOptions,
} from "./gateway/gateway-error.ts";
export { foreignAnswerError } from "./gateway/foreign-answer.ts";
export { isReissueAnswer } from "./gateway/own-answer.ts";
export { unreadableError } from "./gateway/unreadable-error.ts";
export { proxyStatus } from "./gateway/proxy-status.ts";
export { derivedKey, type DerivedKeyParts } from "./idempotency/derived-key.ts";
export { keyMalformedError, keyMissingError, type KeyError } from "./idempotency/key-error.ts";
export {
  keyProblemText,
  maxKeyLength,
  parseIdempotencyKey,
  type KeyProblem,
  type KeySyntax,
  type ParsedKey,
} from "./idempotency/key.ts";
export {
  checkDuration,
  checkKeys,
  checkNumber,
  describe,
  maxTimerMs,
  type NumberBounds,
} from "./option.ts";
export { defaultPolicy, type RetryPolicy } from "./retry/policy.ts";
export { parseRetryAfter } from "./retry/retry-after.ts";
export {
  callRetryPolicy,
  conditions,
  retryPolicy,
  type CallRetryOptions,
  type ConditionName,
  type RetryOptions,
} from "./retry/retry-options.ts";
