export { isPromise, type Awaitable } from "./common/awaitable.ts";
export { systemClock, type Clock, type Timer } from "./common/clock.ts";
export {
  attemptChannel,
  decisionChannel,
  type AttemptMessage,
  type DecisionMessage,
} from "./diagnostics/attempt-channel.ts";
export {
  ClosedError,
  isReissueError,
  OptionError,
  ReissueError,
  UpstreamError,
  type AttemptRecord,
  type ErrorCode,
} from "./common/reissue-error.ts";
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
export { foreignAnswerError } from "./gateway/foreign-response.ts";
export { isReissueAnswer } from "./gateway/http-answer.ts";
export { unanswerableError, unreadableError } from "./gateway/unreadable-error.ts";
export { proxyStatus } from "./gateway/proxy-status.ts";
export {
  decodeAnswer,
  encodeAnswer,
  type Answer,
  type Field,
} from "./idempotency/store/stored-response.ts";
export {
  bodyConsumedError,
  bodyTooLargeError,
  claimLostError,
  type ClaimError,
} from "./idempotency/claim/claim-error.ts";
export {
  claimKeys,
  claimSettings,
  type ClaimOptions,
  type ClaimSettings,
  type Guarantee,
} from "./idempotency/claim/claim-config.ts";
export { Claim } from "./idempotency/claim/claim.ts";
export { begin, type Beginning, type KeyedRequest } from "./idempotency/claim/begin-claim.ts";
export { derivedKey, type DerivedKeyParts } from "./idempotency/hash/derived-key.ts";
export {
  chosenFingerprint,
  fingerprint,
  type FingerprintParts,
} from "./idempotency/hash/fingerprint.ts";
export {
  idempotencyChannel,
  type IdempotencyEvent,
  type IdempotencyMessage,
} from "./diagnostics/idempotency-channel.ts";
export { isKeptStatus } from "./idempotency/claim/stored-status.ts";
export { keyMalformedError, keyMissingError, type KeyError } from "./idempotency/key/key-error.ts";
export {
  keyProblemText,
  maxKeyLength,
  parseIdempotencyKey,
  type KeyProblem,
  type KeySyntax,
  type ParsedKey,
} from "./idempotency/key/key.ts";
export { memoryStore, type MemoryStoreOptions } from "./idempotency/store/memory-store.ts";
export { recordId } from "./idempotency/hash/record-id.ts";
export { StoreFullError, StoreUnavailableError } from "./idempotency/store/store-error.ts";
export type {
  ClaimOwner,
  ClaimRequest,
  ClaimResult,
  ClaimToken,
  IdempotencyStore,
} from "./idempotency/store/store.ts";
export {
  checkDuration,
  checkKeys,
  checkNumber,
  checkOneOf,
  describe,
  maxTimerMs,
  type NumberBounds,
} from "./common/option.ts";
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
