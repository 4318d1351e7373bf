import type { CallHandler, ExecutionContext, NestInterceptor } from "@nestjs/common";
import { getContext } from "@reissue/server/internal";
import { from, lastValueFrom, type Observable } from "rxjs";

import { rawRequest } from "../exchange.ts";

/** Metadata of handlers of server-sent events, which have sent their headers before their first value. */
const eventsKey = "__sse__";

/** Fails a request whose handler takes longer than the timeout of its route, so that the route's filters respond. */
export class TimeoutInterceptor implements NestInterceptor {
  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const isRequest = execution.getType() === "http";
    const context = isRequest ? getContext(rawRequest(execution.getArgByIndex(0))) : null;
    const hasEvents = Reflect.hasMetadata(eventsKey, execution.getHandler());
    if (context === null || hasEvents) return next.handle();
    const run = (): Promise<unknown> => lastValueFrom(next.handle(), { defaultValue: undefined });
    return from(context.runWithTimeout(run));
  }
}
