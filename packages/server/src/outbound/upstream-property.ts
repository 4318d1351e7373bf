import type { IncomingMessage } from "node:http";

import { getContext } from "../request/request-registry.ts";

/** Where a prototype says which property it was given; it is asked for each request, and a WeakMap would have to hash. */
const given = Symbol("reissue.upstream");

interface Given {
  readonly [given]?: PropertyDescriptor;
}

/**
 * The property `upstream` of requests or contexts: the client of the last gate that the request came through, bound when
 * it is first asked for; undefined where it came through none.
 *
 * @param requestOf - The request behind whatever has the property.
 */
export function upstreamProperty<Carrier>(
  requestOf: (carrier: Carrier) => IncomingMessage,
): PropertyDescriptor & ThisType<Carrier> {
  return {
    configurable: true,
    get(this: Carrier): unknown {
      const inbound = getContext(requestOf(this));
      return inbound?.client == null ? undefined : inbound.bind(inbound.client());
    },
    set(this: object, value: unknown) {
      const own = { value, configurable: true, enumerable: true, writable: true };
      Object.defineProperty(this, "upstream", own);
    },
  };
}

/**
 * Puts the property on the prototype that requests or contexts have in common, which is done once: a property of its own
 * would cost each a call and, where the framework has changed it before, a hidden class: up to 6 µs. Where somebody
 * else's property of that name is there already, on the one request that is to have ours.
 */
export function defineUpstream(
  carrier: object,
  prototype: object,
  property: PropertyDescriptor,
): void {
  const isFree = !Object.hasOwn(carrier, "upstream");
  if (isFree && (prototype as Given)[given] === property) return;
  const isFirst = isFree && !Object.hasOwn(prototype, "upstream");
  if (isFirst) Object.defineProperty(prototype, given, { value: property, writable: true });
  Object.defineProperty(isFirst ? prototype : carrier, "upstream", property);
}
