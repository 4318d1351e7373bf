import type { Bindable, InboundRequest } from "./inbound-request.ts";

/**
 * The property `upstream` of requests or contexts: the client is bound when it is first asked for, so that a request
 * that never asks pays next to nothing.
 *
 * One descriptor serves them all: a getter of its own would cost each some 10 µs, since it gets a hidden class of its
 * own.
 *
 * @param inboundOf - The inbound request behind whatever has the property.
 */
export function lazyUpstream<Carrier, Bound>(
  inboundOf: (carrier: Carrier) => InboundRequest | null,
  upstream: () => Bindable<Bound>,
): PropertyDescriptor & ThisType<Carrier> {
  return {
    configurable: true,
    get(this: Carrier): Bound | undefined {
      return inboundOf(this)?.bind(upstream());
    },
  };
}
