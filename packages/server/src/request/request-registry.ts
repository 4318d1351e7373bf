import type { IncomingMessage, ServerResponse } from "node:http";

import type { GateConfig } from "../config/gate-config.ts";
import { someRouteHasTimeout, type RouteConfig } from "../config/route-config.ts";
import type { ParsedBodies } from "../misuse/parsed-bodies.ts";
import type { Bindable } from "../outbound/bindable.ts";
import { RequestContext } from "./request-context.ts";
import {
  existingHolder,
  inheritsFrom,
  isSameMessage,
  separateHolder,
  slotHolder,
} from "./request-slot.ts";

/** The parts of a gate that its requests need. */
export interface GateBinding {
  readonly settings: GateConfig;
  /** Opens the gate's client when a handler first uses it. */
  readonly client: () => Bindable<unknown>;
}

/** Facts that a {@link RequestContext} can be created from later, left on a request that needs no context yet. */
interface DeferredContext {
  readonly gate: GateBinding;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly frameworkContext: unknown;
  readonly startedAtMs: number | null;
}

/**
 * Slots that the copies of this package in a process share, so that a route of one belongs to the gate of another. The
 * number changes when what they hold does: versions that do not understand each other ignore each other.
 */
const contextSlot: unique symbol = Symbol.for("reissue.request.1");
const routeSlot: unique symbol = Symbol.for("reissue.route.1");

/** Reissue's state of a request, once the request has come to a gate or a route. */
interface RequestSlots {
  [contextSlot]?: RequestContext | DeferredContext;
  /** Options of a route that came before the gate. */
  [routeSlot]?: Partial<RouteConfig>;
}

/**
 * Fast path for requests without a key or a timeout: leaves only the facts on the request from which the context can be
 * created when it is needed.
 *
 * @returns whether the context was deferred; if not, call {@link openContext}.
 */
// perf: docs/performance.md#deferred-contexts
export function deferContext(
  request: IncomingMessage,
  response: ServerResponse,
  gate: GateBinding,
  frameworkContext: unknown = request,
): boolean {
  const { idempotencyKey, timeoutMs } = gate.settings.route;
  if (gate.settings.parsedBodies !== null) lookAtBody(request, gate.settings.parsedBodies);
  if (idempotencyKey === "required" || timeoutMs !== Infinity) return false;
  if (request.headers?.["idempotency-key"] !== undefined) return false;
  const slots = exchangeSlots(request, response);
  if (slots[contextSlot] !== undefined || slots[routeSlot] !== undefined) return false;
  gate.settings.counts.onRequest();
  slots[contextSlot] = {
    gate,
    request,
    response,
    frameworkContext,
    startedAtMs: startOf(gate.settings),
  };
  return true;
}

/** Looks at the body of a request, unless a route before the gate ignores its key. */
function lookAtBody(request: IncomingMessage, parsedBodies: ParsedBodies): void {
  const route = existingSlots(request)[routeSlot];
  if (route?.idempotencyKey !== "ignored") parsedBodies.look(request);
}

/** Returns the context of a request that comes through a gate; from now on its calls use that gate's client. */
export function openContext(
  request: IncomingMessage,
  response: ServerResponse,
  { settings, client }: GateBinding,
  frameworkContext: unknown = request,
): RequestContext {
  settings.counts.onRequest();
  const context = getOrCreateContext(request, response, settings, frameworkContext);
  if (context.client === client) settings.warnings.report("gateTwice", mountedTwice);
  context.useClient(client);
  return context;
}

const mountedTwice =
  "A request has come through the same gate twice. Mount the gate once, before the routes that it is for.";

/**
 * Returns the context of a request of node:http, which the first gate creates.
 *
 * @param frameworkContext - The argument of the framework's middleware; the request itself in Express and node:http.
 */
export function getOrCreateContext(
  request: IncomingMessage,
  response: ServerResponse,
  gate: GateConfig,
  frameworkContext: unknown = request,
): RequestContext {
  const slots = exchangeSlots(request, response);
  const existing = contextIn(slots);
  if (existing !== null) {
    existing.mergeGate(gate, frameworkContext);
    return existing;
  }
  const route = slots[routeSlot];
  const startedAtMs = startOf(gate);
  const context = new RequestContext(request, response, gate, frameworkContext, route, startedAtMs);
  return (slots[contextSlot] = context);
}

/** Returns the context of a request, created now if it was deferred; null where the request has come through no gate. */
export function getContext(request: IncomingMessage): RequestContext | null {
  return contextIn(existingSlots(request));
}

function contextIn(slots: RequestSlots): RequestContext | null {
  const current = slots[contextSlot];
  if (current === undefined || isContext(current)) return current ?? null;
  const { gate, response, frameworkContext, startedAtMs } = current;
  // With the request that came through the gate: the argument may be derived from it.
  const context = new RequestContext(
    current.request,
    response,
    gate.settings,
    frameworkContext,
    slots[routeSlot],
    startedAtMs,
  );
  context.useClient(gate.client);
  return (slots[contextSlot] = context);
}

/**
 * Applies a route's options to a request, now or once it comes to a gate.
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

/** Marks the handler of a request as ended, which settles a claim whose response was sent by the timeout. */
export function handlerEnded(request: IncomingMessage): void {
  const context = existingSlots(request)[contextSlot];
  // A request with a deferred context has no timeout.
  if (context !== undefined && isContext(context)) context.handlerEnded();
}

/** Whether a slot holds a context, of any copy of this package. */
function isContext(held: RequestContext | DeferredContext): held is RequestContext {
  return held instanceof RequestContext || "handlerEnded" in held;
}

function slotsOf(request: IncomingMessage): RequestSlots {
  return slotHolder(request);
}

function existingSlots(request: IncomingMessage): RequestSlots {
  return existingHolder(request);
}

/**
 * The slots of a request at a gate, which knows its response: a request that a handler has derived from its own, to have
 * it responded to apart, is another request.
 */
function exchangeSlots(request: IncomingMessage, response: ServerResponse): RequestSlots {
  const slots = slotsOf(request);
  const current = slots[contextSlot];
  if (current === undefined || current.request === request) return slots;
  const isApart =
    inheritsFrom(request, current.request) && !isSameMessage(response, current.response);
  return isApart ? separateHolder(request) : slots;
}

/** The time at which a request arrives, in ms of the gate's clock; null while no route has a timeout. */
// perf: docs/performance.md#deferred-contexts
function startOf({ clock }: GateConfig): number | null {
  return someRouteHasTimeout() ? clock.now() : null;
}
