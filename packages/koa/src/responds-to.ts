import { format } from "node:util";

/**
 * Whether Koa responds to a thrown value: it leaves the request without a response if the value is null or undefined, or
 * if its own error handling throws.
 */
export function respondsTo(error: unknown): boolean {
  if (error == null) return false;
  if (isError(error)) return isWritable(error, "status") && isWritable(error, "headerSent");
  // As Koa formats it. Throws for a value that is not JSON, such as a BigInt.
  return format("%j", error) !== "";
}

/** Whether Koa takes a value for an error. */
function isError(value: unknown): value is object {
  return Object.prototype.toString.call(value) === "[object Error]" || value instanceof Error;
}

/** Whether a property can be set, as Koa sets some on each error. */
function isWritable(error: object, name: string): boolean {
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
