/**
 * Finds the prototype that a framework gives to all its requests or responses: the last one before Node's own.
 *
 * @param message - A request or a response.
 * @param base - The prototype of Node's class.
 * @returns null where a message has Node's prototype, or does not inherit from it.
 */
export function frameworkPrototype(message: object, base: object): object | null {
  let last: object | null = null;
  let prototype: object | null = Object.getPrototypeOf(message);
  while (prototype !== null && prototype !== base) {
    last = prototype;
    prototype = Object.getPrototypeOf(prototype);
  }
  return prototype === null ? null : last;
}
