import type { IncomingMessage, ServerResponse } from "node:http";

import { carrierOf } from "./request-slot.ts";
import type { GateSettings } from "../config/gate-config.ts";
import type { InboundRequest } from "./request-context.ts";
import type { Bindable } from "../outbound/bindable.ts";
import { someRouteHasTime, type RouteSettings } from "../config/route-config.ts";

/** A gate, as a request that comes through it needs it. */
export interface Entrance {
  readonly settings: GateSettings;
  readonly client: () => Bindable<unknown>;
}

/** What is kept of a request that its gate has nothing to say of: all that an {@link InboundRequest} can be made of. */
interface Passage {
  readonly gate: Entrance;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly carrier: unknown;
  readonly startedAtMs: number | null;
}

export const known: unique symbol = Symbol("reissue.request");
export const said: unique symbol = Symbol("reissue.route");

/** What a request carries once a gate or a route has seen it. */
export interface Seen {
  [known]?: InboundRequest | Passage;
  /** What a route said that came before the gate. */
  [said]?: Partial<RouteSettings>;
}

/**
 * Lets a request through that its gate has nothing to say of, and notes so on it: neither has a key to be looked at or a
 * time, and no gate or route came before. The whole is made when somebody asks for it, as few do; it is four times the
 * size of the note, and of Express' requests V8 copies all that hangs on them, twice, before it can free them.
 *
 * @returns whether it is through; if not, call {@link InboundRequest.enter}.
 */
export function passes(
  request: IncomingMessage,
  response: ServerResponse,
  gate: Entrance,
  carrier: unknown = request,
): boolean {
  const { idempotencyKey, timeoutMs } = gate.settings.route;
  if (idempotencyKey === "required" || timeoutMs !== Infinity) return false;
  if (request.headers?.["idempotency-key"] !== undefined) return false;
  const seen = carrierOf(request) as Seen;
  if (seen[known] !== undefined || seen[said] !== undefined) return false;
  seen[known] = { gate, request, response, carrier, startedAtMs: startOf(gate.settings) };
  return true;
}

/** When a request comes; null while no route has a time: a look at the clock takes as long as half of what a gate does. */
export function startOf({ clock }: GateSettings): number | null {
  return someRouteHasTime() ? clock.now() : null;
}
