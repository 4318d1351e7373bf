import type { ArgumentsHost, HttpServer } from "@nestjs/common";
import { Logger } from "@nestjs/common";
import { BaseExceptionFilter } from "@nestjs/core";
import { ExceptionsHandler } from "@nestjs/core/exceptions/exceptions-handler.js";
import { isErrorResponse } from "@reissue/core/internal";
import {
  getOrCreateContext,
  handleError,
  muteResponse,
  sendError,
  type GateConfig,
} from "@reissue/server/internal";

import { flushHeaders, leaveAlone, rawRequest, rawResponse, setHeaders } from "./exchange.ts";
import { GatewayException } from "./gateway-exception.ts";
import { AlreadySent } from "./route/already-sent.ts";

/** The options of the gates of this process, by their applications' adapters. */
const gates = new WeakMap<object, GateConfig>();

const logger = new Logger("ReissueModule");

/**
 * Translates the exceptions of an application before its filters get them.
 *
 * Nest calls one filter for an exception, the nearest to the handler that catches it, and an interceptor sees neither
 * guards nor middleware: there is no public place that sees every exception before the application's own filters.
 * Therefore the method that all of them go through is replaced, once for each copy of @nestjs/core, see
 * docs/decisions/0018-nest.md.
 */
export function translateExceptions(adapter: HttpServer, settings: GateConfig): void {
  gates.set(adapter, settings);
  patch();
}

let isPatched = false;

function patch(): void {
  if (isPatched) return;
  isPatched = true;
  // oxlint-disable-next-line typescript/unbound-method -- called with the handler.
  const { next } = ExceptionsHandler.prototype;
  ExceptionsHandler.prototype.next = function reissueExceptions(exception, host): void {
    const { applicationRef } = this as unknown as { readonly applicationRef?: object };
    const settings = applicationRef === undefined ? undefined : gates.get(applicationRef);
    // A filter has thrown it, and Express or Fastify have handed it on.
    if (settings === undefined || (exception as unknown) instanceof GatewayException) {
      return next.call(this, exception, host);
    }
    const translated = translate(exception, host, settings);
    if (translated === null) return;
    try {
      next.call(this, translated as Error, host);
    } catch (error) {
      // A filter that throws what it was given leaves it to Nest's own. Under Express 4 nothing else would respond.
      if (error !== translated || !(error instanceof GatewayException)) throw error;
      BaseExceptionFilter.prototype.catch.call(this, error, host);
    }
  };
}

/** The exception for the application's filters; null where the response was sent already. */
function translate(exception: unknown, host: ArgumentsHost, settings: GateConfig): unknown {
  if (exception instanceof AlreadySent) return null;
  const [request, response] = host.getArgs<[unknown, unknown]>();
  const context = getOrCreateContext(rawRequest(request), rawResponse(response), settings, request);
  const passed = handleError(exception, context);
  if (passed === null) {
    leaveAlone(response);
    return null;
  }
  const { error } = passed;
  if (!isErrorResponse(error)) return error;
  const translated = new GatewayException(error);
  if (error.status >= 500) log(translated);
  if (!context.response.headersSent) setHeaders(response, translated.headers);
  if (passed.asProblem) {
    flushHeaders(response);
    sendError(context.response, error, true);
    muteResponse(context.response);
  }
  return translated;
}

/** Logs why a request failed: Nest logs no `HttpException`, and its message says nothing internal. */
function log({ cause, message }: GatewayException): void {
  if (cause instanceof Error) logger.error(cause.message, cause.stack);
  else logger.error(message);
}
