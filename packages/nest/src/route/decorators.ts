import { applyDecorators, UseGuards, UseInterceptors } from "@nestjs/common";
import type { ConditionName } from "@reissue/core";
import type { RouteOptions } from "@reissue/server";
import { routeConfig, type RouteConfig } from "@reissue/server/internal";

import { RouteGuard } from "./guard.ts";
import { handlersOf } from "./handlers.ts";
import { addRoute } from "./metadata.ts";
import { TimeoutInterceptor } from "./timeout-interceptor.ts";

/** A decorator of a controller, or of one of its handlers. */
export type RouteDecorator = ClassDecorator & MethodDecorator;

/**
 * Sets the options of a handler, or of all handlers of a controller: by default that it takes an Idempotency-Key, also
 * where the module's `idempotencyKey` is `"ignored"`.
 *
 * @example
 * ```ts
 * @Post()
 * @Idempotent({ idempotencyKey: "required", timeoutMs: 5000 })
 * charge(@Body() payment: Payment) {}
 * ```
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function Idempotent(options: RouteOptions = {}): RouteDecorator {
  return routeDecorator(
    routeConfig({ ...options, idempotencyKey: options.idempotencyKey ?? "optional" }, "Idempotent"),
  );
}

/**
 * Opts a handler, or all handlers of a controller, in to retries under the given conditions, whatever their method: a second
 * run does no harm.
 *
 * @throws {@link OptionError} for a condition that does not exist, or none.
 */
export function RetryOn(...conditions: [ConditionName, ...ConditionName[]]): RouteDecorator {
  return routeDecorator(routeConfig({ retryOn: conditions }, "RetryOn"));
}

function routeDecorator(route: Partial<RouteConfig>): RouteDecorator {
  const enhancers = [UseGuards(new RouteGuard(route))];
  if (route.timeoutMs !== undefined) enhancers.push(UseInterceptors(new TimeoutInterceptor()));
  return applyDecorators(
    (target: object, _name?: string | symbol, descriptor?: PropertyDescriptor) => {
      if (descriptor !== undefined) return addRoute(descriptor.value as object, route);
      for (const handler of handlersOf(target as { readonly prototype: object })) {
        addRoute(handler, route, "default");
      }
    },
    ...enhancers,
  );
}
