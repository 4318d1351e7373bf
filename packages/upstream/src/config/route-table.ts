import type { CallRetryOptions, RetryPolicy } from "@reissue/core";
import {
  callRetryPolicy,
  checkReached,
  checkStep,
  isOptIn,
  pathOf,
  routePattern,
  type RoutePattern,
} from "@reissue/core/internal";

import { bodyTimeout } from "./body-timeout.ts";
import type { OriginRouteOptions } from "./options.ts";

/** Retry policy of a request, and whether its route or its call has opted in: a second processing does no harm. */
export interface RequestPolicy {
  readonly policy: RetryPolicy;
  readonly optedIn: boolean;
}

/** Options of one route, resolved. */
export interface RoutePolicy extends RequestPolicy {
  /** Step of calls that name none. */
  readonly step?: string | undefined;
  /** Longest silence in the middle of a response, in ms; Infinity for no limit. */
  readonly bodyTimeoutMs: number;
}

interface Route extends RoutePolicy, RoutePattern {}

/** Routes of one origin, in the order of their options; the first that matches applies. */
export class RouteTable {
  readonly #routes: readonly Route[];
  readonly #fallback: RoutePolicy;

  /** @throws {@link OptionError} for a route that no call can match, or for wrong options of one. */
  constructor(
    routes: Readonly<Record<string, OriginRouteOptions>> | undefined,
    fallback: RoutePolicy,
    path: string,
  ) {
    this.#fallback = fallback;
    this.#routes = Object.entries(routes ?? {}).map(([name, options]) =>
      route(name, options, fallback, `${path}[${JSON.stringify(name)}]`),
    );
    checkReached(this.#routes, Object.keys(routes ?? {}), path);
  }

  /** Finds the policy of a request; a query in `path` is ignored. */
  find(method: string, path: string): RoutePolicy {
    if (this.#routes.length === 0) return this.#fallback;
    const pathname = pathOf(path);
    for (const each of this.#routes) {
      if (each.method === method && each.pattern.test(pathname)) return each;
    }
    return this.#fallback;
  }
}

/** Lays the options of a route or a call over a policy. */
export function withRetryOptions(
  options: CallRetryOptions,
  base: RequestPolicy,
  path: string,
): RequestPolicy {
  const policy = callRetryPolicy(options, base.policy, path);
  const optedIn = options.retryOn === undefined ? base.optedIn : isOptIn(policy.retryOn);
  return { policy, optedIn };
}

function route(name: string, options: OriginRouteOptions, base: RoutePolicy, path: string): Route {
  const { step, bodyTimeoutMs, ...retry } = options;
  return {
    ...routePattern(name, path),
    step: checkStep(step, `${path}.step`),
    bodyTimeoutMs: bodyTimeout(bodyTimeoutMs, `${path}.bodyTimeoutMs`, base.bodyTimeoutMs),
    ...withRetryOptions(retry, base, path),
  };
}
