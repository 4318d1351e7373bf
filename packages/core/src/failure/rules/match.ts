import { shapeOfCode } from "./codes.ts";
import type { Failure } from "../failure.ts";
import { shapeOfGotEvent } from "./got-event.ts";
import { shapeOfGrpc } from "./grpc.ts";
import type { ErrorInfo } from "../error-info.ts";
import { shapeOfMessage } from "./messages.ts";
import { shapeOfName } from "./names.ts";
import { failureOf, type FailureSpec } from "../failure-spec.ts";
import { isForeignCall, shapeOfSyscall } from "./syscall.ts";
import { shapeOfTls } from "./tls-reason.ts";

/** What one error says by itself, without its causes and without what its sender knows. */
export interface Match {
  readonly failure: Failure;
  /** Whether it knows better than the cause that it carries. */
  readonly overCause: boolean;
}

/**
 * Looks one error up in the tables, the most telling sign first: wording, system call, timer, code, name.
 *
 * Null when none of them knows it: it is no transport failure, though one of its causes may be.
 */
export function matchLink(link: ErrorInfo): Match | null {
  if (isForeignCall(link)) return null;
  const { code } = link;
  const shape =
    shapeOfMessage(link) ??
    shapeOfTls(link) ??
    (code === null ? null : shapeOfCodeAndCall(code, link));
  if (shape !== null) return match(shape, code);
  const grpc = shapeOfGrpc(link);
  if (grpc !== null) return match(grpc.shape, grpc.code);
  const named = shapeOfName(link);
  return named === null ? null : match(named, null);
}

function shapeOfCodeAndCall(code: string, link: ErrorInfo): FailureSpec | null {
  const called = link.syscall === null ? null : shapeOfSyscall(code, link.syscall);
  return called ?? shapeOfGotEvent(link) ?? shapeOfCode(code);
}

function match(shape: FailureSpec, code: string | null): Match {
  const failure = failureOf(shape, shape.kind === "unknown" ? null : code);
  return { failure, overCause: shape.overCause === true };
}
