import type { CanActivate, ExecutionContext } from "@nestjs/common";
import { admit, applyRoute, type Framework, type RouteConfig } from "@reissue/server/internal";

import { flushHeaders, leaveAlone, rawRequest } from "../exchange.ts";
import { AlreadySent } from "./already-sent.ts";

/** Applies the options of a route to its requests; an instance, so that it needs no provider of the controller's module. */
export class RouteGuard implements CanActivate {
  readonly #route: Partial<RouteConfig>;

  constructor(route: Partial<RouteConfig>) {
    this.#route = route;
  }

  canActivate(execution: ExecutionContext): boolean | Promise<boolean> {
    if (execution.getType() !== "http") return true;
    const context = applyRoute(rawRequest(execution.getArgByIndex(0)), this.#route);
    // An application that does not import the module.
    if (context === null) return true;
    return admit(context, nest, null, execution.getArgByIndex(1));
  }
}

const readTooLate =
  "The Idempotency-Key was read after the body had been parsed, since the gate did not know the route's own rule for keys: see https://github.com/reissue/reissue/blob/main/docs/errors.md#err_reissue_body_consumed";

/** Nest's part in admitting a request to a route. */
const nest: Framework<null, unknown, boolean> = {
  run: () => true,
  fail(error) {
    const { code } = error as { readonly code?: unknown };
    // The gate comes before Nest's parsers: its own advice, to mount it there, would not help.
    if (code === "ERR_REISSUE_BODY_CONSUMED")
      Object.assign(error as Error, { message: readTooLate, expose: true });
    throw error;
  },
  // The timeout runs with the handler: TimeoutInterceptor.
  runWithTimeout: (start) => start(),
  beforeReplay: flushHeaders,
  skip(response) {
    leaveAlone(response);
    throw new AlreadySent();
  },
};
