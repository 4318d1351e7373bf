export { isPromise, type Awaitable } from "./awaitable.ts";
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
export { crossedTimeout } from "./failure/crossed-timeout.ts";
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
  unsentBackOff,
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
export { unanswerableError, unreadableError } from "./gateway/unreadable-error.ts";
export { proxyStatus } from "./gateway/proxy-status.ts";
export { decodeAnswer, encodeAnswer, type Answer, type Field } from "./idempotency/answer.ts";
export {
  bodyConsumedError,
  bodyTooLargeError,
  claimLostError,
  type ClaimError,
} from "./idempotency/claim-error.ts";
export {
  claimKeys,
  claimSettings,
  type ClaimOptions,
  type ClaimSettings,
  type Guarantee,
} from "./idempotency/claim-settings.ts";
export { Claim } from "./idempotency/claim.ts";
export { begin, type Beginning, type KeyedRequest } from "./idempotency/claims.ts";
export { derivedKey, type DerivedKeyParts } from "./idempotency/derived-key.ts";
export {
  chosenFingerprint,
  fingerprint,
  type FingerprintParts,
} from "./idempotency/fingerprint.ts";
export {
  idempotencyChannel,
  type IdempotencyEvent,
  type IdempotencyMessage,
} from "./idempotency/idempotency-channel.ts";
export { isKeptStatus } from "./idempotency/kept-status.ts";
export { keyMalformedError, keyMissingError, type KeyError } from "./idempotency/key-error.ts";
export {
  keyProblemText,
  maxKeyLength,
  parseIdempotencyKey,
  type KeyProblem,
  type KeySyntax,
  type ParsedKey,
} from "./idempotency/key.ts";
export { memoryStore, type MemoryStoreOptions } from "./idempotency/memory-store.ts";
export { recordId } from "./idempotency/record-id.ts";
export { StoreFullError, StoreUnavailableError } from "./idempotency/store-error.ts";
export type {
  ClaimOwner,
  ClaimRequest,
  ClaimResult,
  ClaimToken,
  IdempotencyStore,
} from "./idempotency/store.ts";
export {
  checkDuration,
  checkKeys,
  checkNumber,
  checkOneOf,
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
export {
  OutboundSteps,
  type OutboundStep,
  type StepCall,
  type StepOwner,
} from "./steps/outbound-steps.ts";
export { StepError, stepMissingError } from "./steps/step-error.ts";
export { checkStep } from "./steps/step.ts";
