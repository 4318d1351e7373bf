import { OptionError, type CallRetryOptions, type RetryPolicy } from "@reissue/core";
import { callRetryPolicy, checkStep } from "@reissue/core/internal";

import { bodyTimeout } from "./body-timeout.ts";
import type { OriginRouteOptions } from "./options.ts";

/** What holds for one request: its policy, and whether whoever wrote it said that a replay is safe. */
export interface RequestPolicy {
  readonly policy: RetryPolicy;
  readonly optedIn: boolean;
}

/** What holds for one route. */
interface RoutePolicy extends RequestPolicy {
  /** The step of calls that name none. */
  readonly step?: string | undefined;
  /** The longest silence in the middle of a response, in ms; Infinity for any. */
  readonly bodyTimeoutMs: number;
}

interface Route extends RoutePolicy {
  readonly method: string;
  readonly pattern: RegExp;
}

const routeName = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (\/\S*)$/;

/** The routes of one origin, in the order they were written; the first that matches holds. */
export class RouteTable {
  readonly #routes: readonly Route[];
  readonly #fallback: RoutePolicy;

  /** @throws {@link OptionError} for a name that is not `METHOD /path`, or wrong options behind it. */
  constructor(
    routes: Readonly<Record<string, OriginRouteOptions>> | undefined,
    fallback: RoutePolicy,
    path: string,
  ) {
    this.#fallback = fallback;
    this.#routes = Object.entries(routes ?? {}).map(([name, options]) =>
      route(name, options, fallback, `${path}[${JSON.stringify(name)}]`),
    );
  }

  /** What holds for a request; `path` may carry a query, which is not looked at. */
  find(method: string, path: string): RoutePolicy {
    if (this.#routes.length === 0) return this.#fallback;
    const query = path.search(/[?#]/);
    const pathname = query === -1 ? path : path.slice(0, query);
    for (const each of this.#routes) {
      if (each.method === method && each.pattern.test(pathname)) return each;
    }
    return this.#fallback;
  }
}

/** Lays options of a route or a call over what holds so far; naming conditions is the opt-in. */
export function overlay(
  options: CallRetryOptions,
  base: RequestPolicy,
  path: string,
): RequestPolicy {
  const policy = callRetryPolicy(options, base.policy, path);
  const optedIn = options.retryOn === undefined ? base.optedIn : policy.retryOn.length > 0;
  return { policy, optedIn };
}

function route(name: string, options: OriginRouteOptions, base: RoutePolicy, path: string): Route {
  const match = routeName.exec(name);
  if (match === null) throw new OptionError(path, 'must be named "METHOD /path"');
  const segments = match[2]!.split("/").map((segment, index, all) => {
    if (segment === "*" && index === all.length - 1) return ".*";
    if (/^:\w+$/.test(segment)) return "[^/]+";
    return segment.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  const { step, bodyTimeoutMs, ...retry } = options;
  return {
    method: match[1]!,
    pattern: new RegExp(`^${segments.join("/")}$`),
    step: checkStep(step, `${path}.step`),
    bodyTimeoutMs: bodyTimeout(bodyTimeoutMs, `${path}.bodyTimeoutMs`, base.bodyTimeoutMs),
    ...overlay(retry, base, path),
  };
}
