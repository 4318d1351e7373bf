export { type Awaitable } from "./common/awaitable.ts";
export { systemClock, type Clock, type Timer, type TimerOptions } from "./common/clock.ts";
export {
  attemptChannel,
  decisionChannel,
  idleCloseChannel,
  rescueChannel,
  type AroundSend,
  type AttemptMessage,
  type DecisionMessage,
  type IdleCloseMessage,
  type RescueMessage,
} from "./diagnostics/attempt-channel.ts";
export type { ClientKind } from "./diagnostics/client-kind.ts";
export { serverChannel, type ServerMessage } from "./diagnostics/server-channel.ts";
export { translationChannel, type TranslationMessage } from "./diagnostics/translation-channel.ts";
export type { ConnectionStats, OriginStats } from "./diagnostics/origin-stats.ts";
export type { GiveUpCounts, ResendCounts } from "./diagnostics/retry-counts.ts";
export {
  ClosedError,
  isReissueError,
  OptionError,
  ReissueError,
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
export type { MisuseCheck, ValidateOption } from "./misuse/misuse-check.ts";
export { classify } from "./failure/classify.ts";
export type { AttemptRecord } from "./history/attempt-record.ts";
export { fullJitter, type BackOff } from "./retry/back-off.ts";
export { RetryBudget, type BudgetOptions } from "./retry/budget.ts";
export { defaultConditions, type Condition } from "./retry/condition.ts";
export {
  decide,
  type Decision,
  type GiveUpReason,
  type Outcome,
  type RequestFacts,
  type ResendReason,
  type RetryState,
} from "./retry/decide.ts";
export type { BreakerState } from "./connection/connect-breaker.ts";
export { UpstreamError } from "./history/upstream-error.ts";
export { isIdempotentMethod, isSafeMethod } from "./retry/method.ts";
export { gatewayError, type GatewayErrorOptions } from "./gateway/gateway-error.ts";
export type { GatewayError } from "./gateway/error-response.ts";
export { proxyStatus } from "./gateway/proxy-status.ts";
export {
  decodeResponse,
  encodeResponse,
  type StoredResponse,
  type Field,
} from "./idempotency/store/stored-response.ts";
export { type ClaimOptions, type Guarantee } from "./idempotency/claim/claim-config.ts";
export { Claim } from "./idempotency/claim/claim.ts";
export { idempotencyChannel, type IdempotencyMessage } from "./diagnostics/idempotency-channel.ts";
export type { IdempotencyEvent } from "./diagnostics/idempotency-event.ts";
export {
  keyProblemText,
  maxKeyLength,
  parseIdempotencyKey,
  type KeyProblem,
  type KeySyntax,
  type ParsedKey,
} from "./idempotency/key/key.ts";
export { memoryStore } from "./idempotency/store/memory-store.ts";
export type { MemoryStoreOptions } from "./idempotency/store/memory-store-config.ts";
export { StoreFullError, StoreUnavailableError } from "./idempotency/store/store-error.ts";
export type {
  ClaimOwner,
  ClaimRequest,
  ClaimResult,
  ClaimToken,
  IdempotencyStore,
} from "./idempotency/store/store.ts";
export type { RetryPolicy } from "./retry/policy.ts";
export { defaultPolicy } from "./retry/retry-options.ts";
export { parseRetryAfter } from "./retry/retry-after.ts";
export {
  type CallRetryOptions,
  type ConditionName,
  type RetryOptions,
} from "./retry/retry-options.ts";
export { OutboundSteps, type OutboundStep } from "./steps/outbound-steps.ts";
export { StepError } from "./steps/step-error.ts";
export type { OutboundContext } from "./outbound-context.ts";
