import { OptionError, type OutboundContext } from "@reissue/core";
import { checkKeys, conditions, describe } from "@reissue/core/internal";

const names = ["signal", "deadlineMs", "retryOn", "inboundKey", "steps"];

/**
 * Checks what a client is bound to: a wrong name would leave its calls without a deadline, and a wrong signal would leave
 * them under way for ever.
 *
 * @returns the context, with its conditions under the names that calls know.
 * @throws {@link OptionError} with the path of the first wrong member.
 */
export function inboundContext(inbound: OutboundContext): OutboundContext {
  checkKeys(inbound, "bind", names);
  const { signal, deadlineMs, retryOn = [], inboundKey, steps } = inbound;
  if (signal != null && typeof signal.addEventListener !== "function") {
    throw new OptionError("bind.signal", `must be an AbortSignal, got ${describe(signal)}`);
  }
  if (deadlineMs !== undefined && (typeof deadlineMs !== "number" || Number.isNaN(deadlineMs))) {
    throw new OptionError(
      "bind.deadlineMs",
      `must be an instant of performance.now(), got ${describe(deadlineMs)}`,
    );
  }
  if (retryOn.length === 0) return inbound;
  return { signal, deadlineMs, retryOn: conditions(retryOn, "bind.retryOn"), inboundKey, steps };
}
