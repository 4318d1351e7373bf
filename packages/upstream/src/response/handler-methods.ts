import type { Dispatcher } from "undici";

import type { ProgressHandler } from "./progress-handler.ts";

/** Methods of the older interface, which the types of undici 8 lack. */
type OlderMethod = "onConnect" | "onHeaders" | "onData" | "onComplete" | "onError" | "onUpgrade";

type GivenHandler = Dispatcher.DispatchHandler &
  Omit<ProgressHandler, "onBodySent"> &
  Partial<Record<OlderMethod, unknown>>;

/** Whether a handler has the newer of undici's two interfaces; some of undici 7's own have both. */
export function isNewerStyle(handler: Dispatcher.DispatchHandler): boolean {
  return typeof handler.onRequestStart === "function";
}

/**
 * First method that a handler lacks or that is not a function; null for a complete handler.
 *
 * Undici notices some of these only when it calls them, when the request may have been processed.
 */
export function wrongMethod(handler: GivenHandler, asksForSocket: boolean): string | null {
  const wrong = isNewerStyle(handler)
    ? wrongInNewer(handler, asksForSocket)
    : wrongInOlder(handler, asksForSocket);
  return wrong ?? wrongInProgress(handler);
}

function wrongInOlder(handler: GivenHandler, asksForSocket: boolean): string | null {
  if (typeof handler.onConnect !== "function") return "onConnect";
  if (typeof handler.onError !== "function") return "onError";
  if (asksForSocket) return typeof handler.onUpgrade === "function" ? null : "onUpgrade";
  if (typeof handler.onHeaders !== "function") return "onHeaders";
  if (typeof handler.onData !== "function") return "onData";
  return typeof handler.onComplete === "function" ? null : "onComplete";
}

/** Undici 7 requires only the methods for failure and upgrade of a newer handler. */
function wrongInNewer(handler: GivenHandler, asksForSocket: boolean): string | null {
  if (typeof handler.onResponseError !== "function") return "onResponseError";
  if (asksForSocket && typeof handler.onRequestUpgrade !== "function") return "onRequestUpgrade";
  if (isNoMethod(handler, "onResponseStart")) return "onResponseStart";
  if (isNoMethod(handler, "onResponseData")) return "onResponseData";
  return isNoMethod(handler, "onResponseEnd") ? "onResponseEnd" : null;
}

function wrongInProgress(handler: GivenHandler): string | null {
  if (isNoMethod(handler, "onBodySent")) return "onBodySent";
  if (isNoMethod(handler, "onRequestSent")) return "onRequestSent";
  return isNoMethod(handler, "onResponseStarted") ? "onResponseStarted" : null;
}

function isNoMethod(handler: GivenHandler, name: keyof GivenHandler): boolean {
  const value: unknown = handler[name];
  return value !== undefined && value !== null && typeof value !== "function";
}
