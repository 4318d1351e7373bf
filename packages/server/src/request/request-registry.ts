import type { IncomingMessage, ServerResponse } from "node:http";

import type { GateConfig } from "../config/gate-config.ts";
import { someRouteHasTimeout, type RouteConfig } from "../config/route-config.ts";
import type { Bindable } from "../outbound/bindable.ts";
import { RequestContext } from "./request-context.ts";
import { slotHolder } from "./request-slot.ts";

/** A gate, as a request that comes through it needs it. */
export interface GateBinding {
  readonly settings: GateConfig;
  readonly client: () => Bindable<unknown>;
}

/** All that a {@link RequestContext} can be made of later: what a gate leaves on a request that it has nothing to do for. */
interface DeferredContext {
  readonly gate: GateBinding;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly carrier: unknown;
  readonly startedAtMs: number | null;
}

const contextSlot: unique symbol = Symbol("reissue.request");
const routeSlot: unique symbol = Symbol("reissue.route");

/** What a request carries once a gate or a route has seen it. */
interface RequestSlots {
  [contextSlot]?: RequestContext | DeferredContext;
  /** What a route said that came before the gate. */
  [routeSlot]?: Partial<RouteConfig>;
}

/**
 * Finds, makes and defers the context of a request.
 *
 * Fast path: where a request has no key and no timeout, and nothing came before the gate, only the few facts that a
 * context can be made of are left on the request. The context is made when somebody asks for it, as few do; it is four
 * times the size of those facts, and V8 copies all that hangs on Express' requests twice before it can free it.
 *
 * @returns whether the context was deferred; if not, call {@link openContext}.
 */
export function deferContext(
  request: IncomingMessage,
  response: ServerResponse,
  gate: GateBinding,
  carrier: unknown = request,
): boolean {
  const { idempotencyKey, timeoutMs } = gate.settings.route;
  if (idempotencyKey === "required" || timeoutMs !== Infinity) return false;
  if (request.headers?.["idempotency-key"] !== undefined) return false;
  const slots = slotsOf(request);
  if (slots[contextSlot] !== undefined || slots[routeSlot] !== undefined) return false;
  slots[contextSlot] = { gate, request, response, carrier, startedAtMs: startOf(gate.settings) };
  return true;
}

/** Gives the context of a request that comes through a gate. From here on its calls are made with that gate's client. */
export function openContext(
  request: IncomingMessage,
  response: ServerResponse,
  { settings, client }: GateBinding,
  carrier: unknown = request,
): RequestContext {
  const context = getOrCreateContext(request, response, settings, carrier);
  context.enter(client);
  return context;
}

/**
 * Gives the context of a request of node:http; the first gate that the request comes through makes it.
 *
 * @param carrier - What the framework gives its middleware: the request itself, or what stands for it.
 */
export function getOrCreateContext(
  request: IncomingMessage,
  response: ServerResponse,
  gate: GateConfig,
  carrier: unknown = request,
): RequestContext {
  const known = getContext(request);
  if (known !== null) {
    known.mergeGate(gate, carrier);
    return known;
  }
  const slots = slotsOf(request);
  const route = slots[routeSlot];
  const context = new RequestContext(request, response, gate, carrier, route, startOf(gate));
  return (slots[contextSlot] = context);
}

/** Gives the context of a request, made now if it was deferred; null where the request has come through no gate. */
export function getContext(request: IncomingMessage): RequestContext | null {
  const slots = slotsOf(request);
  const known = slots[contextSlot];
  if (known === undefined || known instanceof RequestContext) return known ?? null;
  const { gate, response, carrier, startedAtMs } = known;
  // Of the request that came through the gate: the one at hand may be made of it.
  const context = new RequestContext(
    known.request,
    response,
    gate.settings,
    carrier,
    slots[routeSlot],
    startedAtMs,
  );
  context.enter(gate.client);
  return (slots[contextSlot] = context);
}

/**
 * Puts a request under what its route says, now or once it comes to a gate.
 *
 * @returns the context; null where the request has not come through a gate yet.
 */
export function applyRoute(
  request: IncomingMessage,
  route: Partial<RouteConfig>,
): RequestContext | null {
  const context = getContext(request);
  if (context === null) {
    const slots = slotsOf(request);
    slots[routeSlot] = { ...slots[routeSlot], ...route };
    return null;
  }
  context.applyRoute(route);
  return context;
}

/** Takes note that the handler of a request has ended, which counts where the response was sent without it. */
export function handlerEnded(request: IncomingMessage): void {
  const context = slotsOf(request)[contextSlot];
  // A deferred one has no timeout that could be over.
  if (context instanceof RequestContext) context.handlerEnded();
}

function slotsOf(request: IncomingMessage): RequestSlots {
  return slotHolder(request);
}

/** When a request comes; null while no route has a timeout: reading the clock takes half as long as all else a gate does. */
function startOf({ clock }: GateConfig): number | null {
  return someRouteHasTimeout() ? clock.now() : null;
}
