import type { IncomingMessage, ServerResponse } from "node:http";

import { slotHolder } from "./request-slot.ts";
import type { GateConfig } from "../config/gate-config.ts";
import type { RequestContext } from "./request-context.ts";
import type { Bindable } from "../outbound/bindable.ts";
import { someRouteHasTimeout, type RouteConfig } from "../config/route-config.ts";

/** A gate, as a request that comes through it needs it. */
export interface GateBinding {
  readonly settings: GateConfig;
  readonly client: () => Bindable<unknown>;
}

/** What is kept of a request that its gate has nothing to say of: all that an {@link RequestContext} can be made of. */
interface DeferredContext {
  readonly gate: GateBinding;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly carrier: unknown;
  readonly startedAtMs: number | null;
}

export const contextSlot: unique symbol = Symbol("reissue.request");
export const routeSlot: unique symbol = Symbol("reissue.route");

/** What a request carries once a gate or a route has seen it. */
export interface RequestSlots {
  [contextSlot]?: RequestContext | DeferredContext;
  /** What a route said that came before the gate. */
  [routeSlot]?: Partial<RouteConfig>;
}

/**
 * Lets a request through that its gate has nothing to say of, and notes so on it: neither has a key to be looked at or a
 * time, and no gate or route came before. The whole is made when somebody asks for it, as few do; it is four times the
 * size of the note, and of Express' requests V8 copies all that hangs on them, twice, before it can free them.
 *
 * @returns whether it is through; if not, call {@link RequestContext.open}.
 */
export function skipContext(
  request: IncomingMessage,
  response: ServerResponse,
  gate: GateBinding,
  carrier: unknown = request,
): boolean {
  const { idempotencyKey, timeoutMs } = gate.settings.route;
  if (idempotencyKey === "required" || timeoutMs !== Infinity) return false;
  if (request.headers?.["idempotency-key"] !== undefined) return false;
  const seen = slotHolder(request) as RequestSlots;
  if (seen[contextSlot] !== undefined || seen[routeSlot] !== undefined) return false;
  seen[contextSlot] = { gate, request, response, carrier, startedAtMs: startOf(gate.settings) };
  return true;
}

/** When a request comes; null while no route has a time: a look at the clock takes as long as half of what a gate does. */
export function startOf({ clock }: GateConfig): number | null {
  return someRouteHasTimeout() ? clock.now() : null;
}
