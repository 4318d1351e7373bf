import { isIdempotentMethod, isSafeMethod } from "../retry/method.ts";
import type { RequestFacts } from "../retry/decide.ts";

/** Class of a request, by the first ground on which it may be sent twice; `unsafe` for none. */
export function methodClass({
  method,
  keyed,
  optedIn,
}: Omit<RequestFacts, "replayable">): "safe" | "idempotent" | "keyed" | "opted-in" | "unsafe" {
  if (isSafeMethod(method)) return "safe";
  if (isIdempotentMethod(method)) return "idempotent";
  if (keyed) return "keyed";
  return optedIn ? "opted-in" : "unsafe";
}
