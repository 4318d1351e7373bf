import { maxDepth, type App, type Handle, type Layer } from "./mounts.ts";

/**
 * Finds an async handler in an app of Express 4, which ignores its rejection; Express 5 passes rejections on.
 *
 * @returns the place of the first one, such as `/orders/:id`; null where there is none, where every handler is wrapped, by
 * `gate.handler` or another package, or where the app is one of Express 5.
 */
export function asyncHandlerOf(app: unknown): string | null {
  const stack = (app as App | undefined)?._router?.stack;
  return stack === undefined ? null : asyncHandlerIn(stack, "a middleware", 0);
}

function asyncHandlerIn(stack: readonly Layer[], place: string, depth: number): string | null {
  if (depth > maxDepth) return null;
  for (const { handle, route } of stack) {
    // A route's own layer has Express' function, and its handlers are inside.
    const inner = route?.stack ?? handle?.stack;
    if (inner === undefined && handle !== undefined && isAsync(handle)) return place;
    if (inner === undefined) continue;
    const own = route === undefined ? place : String(route.path);
    const found = asyncHandlerIn(inner, own, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

/** Whether a function was declared `async`; one that returns a promise without that cannot be told from others. */
function isAsync(handle: Handle): boolean {
  return Object.prototype.toString.call(handle) === "[object AsyncFunction]";
}
