import { format } from "node:util";

/**
 * Whether Koa responds to a value that was thrown: it leaves the request without a response where there is none, and
 * where its own error handling throws.
 */
export function respondsTo(error: unknown): boolean {
  if (error == null) return false;
  if (isError(error)) return takes(error, "status") && takes(error, "headerSent");
  // As Koa words it. Throws for what is no JSON, such as a BigInt.
  return format("%j", error) !== "";
}

/** As Koa tells them. */
function isError(value: unknown): value is object {
  return Object.prototype.toString.call(value) === "[object Error]" || value instanceof Error;
}

/** Whether a property can be set, as Koa does with those that it tells by. */
function takes(error: object, name: string): boolean {
  let holder: object | null = error;
  while (holder !== null) {
    const found = Object.getOwnPropertyDescriptor(holder, name);
    if (found?.get !== undefined || found?.set !== undefined) return found.set !== undefined;
    if (found !== undefined && (holder === error || found.writable !== true)) {
      return found.writable === true;
    }
    holder = Object.getPrototypeOf(holder);
  }
  return Object.isExtensible(error);
}
