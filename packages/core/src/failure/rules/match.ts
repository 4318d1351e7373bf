import { specOfCode } from "./codes.ts";
import type { Failure } from "../failure.ts";
import { specOfGotEvent } from "./got-event.ts";
import { specOfGrpc } from "./grpc.ts";
import type { ErrorInfo } from "../error-info.ts";
import { specOfMessage } from "./messages.ts";
import { specOfName } from "./names.ts";
import { failureOf, type FailureSpec } from "../failure-spec.ts";
import { isForeignCall, specOfSyscall } from "./syscall.ts";
import { specOfTls } from "./tls-reason.ts";

/** Meaning of one error alone, without its causes and without the sender's evidence. */
export interface Match {
  readonly failure: Failure;
  /** Whether it is more specific than the error's cause. */
  readonly overCause: boolean;
}

/**
 * Matches one error against the tables, the most specific sign first: wording, system call, timer, code, name.
 *
 * Null without a match: no transport failure, though one of its causes may be.
 */
export function matchError(info: ErrorInfo): Match | null {
  if (isForeignCall(info)) return null;
  const { code } = info;
  const spec =
    specOfMessage(info) ??
    specOfTls(info) ??
    (code === null ? null : specOfCodeAndCall(code, info));
  if (spec !== null) return match(spec, code);
  const grpc = specOfGrpc(info);
  if (grpc !== null) return match(grpc.spec, grpc.code);
  const named = specOfName(info);
  return named === null ? null : match(named, null);
}

function specOfCodeAndCall(code: string, info: ErrorInfo): FailureSpec | null {
  const called = info.syscall === null ? null : specOfSyscall(code, info.syscall);
  return called ?? specOfGotEvent(info) ?? specOfCode(code);
}

function match(spec: FailureSpec, code: string | null): Match {
  const failure = failureOf(spec, spec.kind === "unknown" ? null : code);
  return { failure, overCause: spec.overCause === true };
}
