import type { IncomingMessage, ServerResponse } from "node:http";

import type { HttpServer } from "@nestjs/common";
import { RouterExplorer } from "@nestjs/core/router/router-explorer.js";

/** A listener of a route of Express. */
type Listener = (req: IncomingMessage, res: ServerResponse, next: () => void) => unknown;

/** Wraps the listener of a route in a filter by version or host, which calls either the listener or `next`. */
type Filter = (listener: Listener) => Listener;

/** Whether a listener's filters pass a request on to it. */
type Accepts = (req: IncomingMessage, res: ServerResponse) => boolean;

/** The private method of Nest's that wraps listeners in a filter by host. */
interface Explorer {
  applyHostFilter?(host: unknown, listener: Listener): Listener;
}

const filtered = new WeakMap<object, Accepts>();

/** Whether the filters of a route by version and host, if it has any, pass a request on to its handler. */
export function acceptsRequest(
  listener: object,
  req: IncomingMessage,
  res: ServerResponse,
): boolean {
  return filtered.get(listener)?.(req, res) ?? true;
}

/**
 * Keeps the filters of the routes that an application is going to register, so that they can be asked before a request
 * comes to its route: Express has one route after the other with the same path, each behind a filter of Nest's.
 */
export function keepFilters(adapter: HttpServer): void {
  keepHostFilters();
  const apply = adapter.applyVersionFilter?.bind(adapter);
  if (apply === undefined) return;
  adapter.applyVersionFilter = ((listener, version, options) =>
    keep(
      listener as Listener,
      (inner) => apply(inner, version, options) as Listener,
    )) as typeof apply;
}

let hasHostFilters = false;

/** The adapter has no part in filters by host: see docs/decisions/0018-nest.md. */
function keepHostFilters(): void {
  if (hasHostFilters) return;
  hasHostFilters = true;
  const explorer = RouterExplorer.prototype as unknown as Explorer;
  // oxlint-disable-next-line typescript/unbound-method -- called with the explorer.
  const apply = explorer.applyHostFilter;
  if (apply === undefined) return;
  explorer.applyHostFilter = function (host, listener) {
    return keep(listener, (inner) => apply.call(this, host, inner));
  };
}

function keep(listener: Listener, filter: Filter): Listener {
  const whole = filter(listener);
  // No host, and so no filter.
  if (whole === listener) return listener;
  let isCalled = false;
  const probe = filter(() => {
    isCalled = true;
  });
  filtered.set(whole, (req, res) => {
    isCalled = false;
    probe(req, res, () => {});
    return isCalled && acceptsRequest(listener, req, res);
  });
  return whole;
}
