import type { IncomingMessage } from "node:http";

import { getContext } from "../request/request-registry.ts";

/** The slot in which a prototype holds the property that it was given; looked up for each request. */
const given = Symbol("reissue.upstream");

interface Given {
  readonly [given]?: PropertyDescriptor;
}

/**
 * The property `upstream` of requests or contexts: the client of the last gate that the request came through, bound at
 * its first use; undefined where it came through none.
 *
 * @param requestOf - Returns the request behind the object that has the property.
 * @param onBypass - Called where the property is read on a request that has come through no gate.
 */
export function upstreamProperty<Target>(
  requestOf: (target: Target) => IncomingMessage,
  onBypass?: () => void,
): PropertyDescriptor & ThisType<Target> {
  return {
    configurable: true,
    get(this: Target): unknown {
      const context = getContext(requestOf(this));
      if (context === null) onBypass?.();
      return context?.client == null ? undefined : context.bind(context.client());
    },
    set(this: object, value: unknown) {
      const own = { value, configurable: true, enumerable: true, writable: true };
      Object.defineProperty(this, "upstream", own);
    },
  };
}

/**
 * Defines the property on the prototype that a framework gives to all requests or contexts of an application, once.
 * Defines it on the one request or context instead where the prototype has another property of that name, or is the
 * prototype of a class: a context that was made by hand as `{}` shares its prototype with every object of the process.
 *
 * @param prototype - Null for a request or context without a prototype.
 */
// perf: docs/performance.md#the-upstream-property
export function defineUpstream(
  target: object,
  prototype: object | null,
  property: PropertyDescriptor,
): void {
  const isFree = !Object.hasOwn(target, "upstream");
  const holder: Given | null = prototype;
  if (isFree && holder?.[given] === property) return;
  const isFirst = isFree && prototype !== null && mayHold(prototype);
  if (isFirst) Object.defineProperty(prototype, given, { value: property, writable: true });
  Object.defineProperty(isFirst ? prototype : target, "upstream", property);
}

/** Whether a prototype is an application's own, has no property of the name yet, and can get one. */
function mayHold(prototype: object): boolean {
  const isTaken = Object.hasOwn(prototype, "constructor") || Object.hasOwn(prototype, "upstream");
  return !isTaken && Object.isExtensible(prototype);
}
