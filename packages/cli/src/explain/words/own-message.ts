import type { Delivery, Failure } from "@reissue/core";
import { describeFailure, failureOf, failureSpecs, type FailureSpec } from "@reissue/core/internal";

/** The message of an UpstreamError. */
export interface OwnMessage {
  readonly text: string;
  /** What it says of the failure. */
  readonly failure: Failure;
  readonly reason: string;
}

const pattern = /\b[A-Z]+ https?:\/\/\S+: (?<what>[^;\n]+); not sent again: (?<reason>[a-z-]+)/;

/** The rows of the table, and what evidence makes of them, such as a wait for a connection that timed out. */
const specs: readonly FailureSpec[] = [
  ...Object.values(failureSpecs),
  { kind: "timeout", phase: "pool" },
];

const deliveries: readonly Delivery[] = ["unsent", "stale", "unknown", "delivered"];

/** Finds the message of an UpstreamError in a text; null for none. */
export function ownMessage(text: string): OwnMessage | null {
  const match = pattern.exec(text);
  const { what = "", reason = "" } = match?.groups ?? {};
  const failure = failureIn(what);
  return match === null || failure === null ? null : { text: match[0], failure, reason };
}

/** The failure that is described so; of several, one whose delivery follows from its kind and phase. */
function failureIn(what: string): Failure | null {
  const code = / \((\w+)\)$/.exec(what)?.[1] ?? null;
  const usual = specs.map((spec) => failureOf(spec, code));
  const others = deliveries.flatMap((delivery) => usual.map((each) => ({ ...each, delivery })));
  return [...usual, ...others].find((each) => describeFailure(each) === what) ?? null;
}
