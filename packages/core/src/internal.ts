/**
 * Exports for the packages of Reissue only: outside semantic versioning, and changed without notice.
 *
 * @internal
 */
export { Bag, type Bagged } from "./common/bag.ts";
export { bodyLimitsOption, type BodyLimits } from "./common/body-limits-option.ts";
export { clockOption } from "./common/clock-option.ts";
export { isPromise } from "./common/awaitable.ts";
export { closestName } from "./common/closest-name.ts";
export { MisuseWarnings } from "./misuse/misuse-warnings.ts";
export { validateOption } from "./misuse/validate-option.ts";
export { checkReached, pathOf, routePattern, type RoutePattern } from "./common/route-pattern.ts";
export { LinkedList, type Linked } from "./common/linked-list.ts";
export { isRace } from "./history/retry-history.ts";
export { showCausesInStack } from "./failure/stack-with-causes.ts";
export { crossedTimeout } from "./failure/crossed-timeout.ts";
export { failureCondition, isOptIn, statusListed } from "./retry/condition.ts";
export { unsentBackOff, isRetrySafe } from "./retry/decide.ts";
export {
  decisionRows,
  type DecisionCell,
  type DecisionLimit,
  type DecisionRow,
  type DecisionRows,
  type RequestGroup,
} from "./retry/decision-rows.ts";
export { type DecisionEvent } from "./retry/decision-examples.ts";
export { foreignResponseError } from "./gateway/foreign-response.ts";
export { isErrorResponse } from "./gateway/error-response.ts";
export { unanswerableError, unreadableError } from "./gateway/unreadable-error.ts";
export {
  bodyConsumedError,
  bodyTimeoutError,
  bodyTooLargeError,
  claimLostError,
  type ClaimError,
} from "./idempotency/claim/claim-error.ts";
export { claimTable, claimConfig, type ClaimConfig } from "./idempotency/claim/claim-config.ts";
export {
  beginClaim,
  type ClaimOutcome,
  type KeyedRequest,
} from "./idempotency/claim/begin-claim.ts";
export { derivedKey, type DerivedKeyParts } from "./idempotency/hash/derived-key.ts";
export {
  chosenFingerprint,
  fingerprint,
  type FingerprintParts,
} from "./idempotency/hash/fingerprint.ts";
export { isStorableStatus } from "./idempotency/claim/stored-status.ts";
export { keyMalformedError, keyMissingError, type KeyError } from "./idempotency/key/key-error.ts";
export { recordId } from "./idempotency/hash/record-id.ts";
export {
  choiceOption,
  durationOption,
  numberOption,
  objectOption,
  optionDefaults,
  optionNames,
  readOptions,
  type OptionSpec,
  type OptionTable,
  type Resolved,
} from "./common/option-table.ts";
export {
  checkDuration,
  checkKeys,
  checkNumber,
  checkOneOf,
  describe,
  maxTimerMs,
  readWithin,
  type NumberBounds,
} from "./common/option.ts";
export { RetryHistory, type RetryOrigin, type RetryRequest } from "./history/retry-history.ts";
export { callRetryPolicy, conditions, retryPaths, retryPolicy } from "./retry/retry-options.ts";
export { type StepCall, type StepOwner } from "./steps/outbound-steps.ts";
export { stepMissingError } from "./steps/step-error.ts";
export { checkStep } from "./steps/step.ts";
export { ConnectBreaker } from "./connection/connect-breaker.ts";
export { IdleLimit } from "./connection/idle-limit.ts";
export { hintBufferMs, keepAliveHintMs } from "./connection/keep-alive-hint.ts";
export type { LabelSpec, MetricLabel, MetricLabels, MetricSpec } from "./metrics/metric.ts";
export { labelTable } from "./metrics/label-table.ts";
export { idleBuckets, metricTable, type MetricKey } from "./metrics/metric-table.ts";
export { prometheusLabel, prometheusName } from "./metrics/prometheus-name.ts";
export { collectMetrics } from "./metrics/collect-metrics.ts";
export type { MetricsSink } from "./metrics/event-metrics.ts";
export { readState, type Reading } from "./metrics/state-metrics.ts";
export {
  addOriginSource,
  processGates,
  originCounts,
  type OriginCounts,
  type OriginSource,
} from "./diagnostics/process-counts.ts";
export { claimCounts, type ClaimCounts } from "./diagnostics/idempotency-event.ts";
export { RetryCounts } from "./diagnostics/retry-counts.ts";
export { publish as publishIdempotency } from "./diagnostics/idempotency-channel.ts";
export {
  balancerIdleMs,
  balancerMarginMs,
  isBalancer,
  type Balancer,
} from "./connection/balancers.ts";
export { describeFailure } from "./failure/describe-failure.ts";
export { failureOf, failureSpecs, type FailureSpec } from "./failure/failure-spec.ts";
