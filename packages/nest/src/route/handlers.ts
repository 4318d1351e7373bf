import { isHandler } from "./metadata.ts";

type Handler = (...args: unknown[]) => unknown;

/**
 * Returns the handlers of a controller, also those that it inherits.
 *
 * Metadata is a function's, and an inherited function is that of other controllers too. The class therefore gets a method
 * of its own in its place, with its metadata, which calls it.
 */
export function handlersOf({ prototype }: { readonly prototype: object }): object[] {
  const handlers: Handler[] = [];
  const names = new Set<PropertyKey>();
  for (let owner: object | null = prototype; owner !== null; owner = Object.getPrototypeOf(owner)) {
    for (const name of Reflect.ownKeys(owner)) {
      if (names.has(name)) continue;
      names.add(name);
      const descriptor = Object.getOwnPropertyDescriptor(owner, name);
      if (descriptor === undefined || !isHandler(descriptor.value)) continue;
      handlers.push(owner === prototype ? descriptor.value : inherit(prototype, name, descriptor));
    }
  }
  return handlers;
}

/** Gives a class a method of its own, in the place of an inherited handler. */
function inherit(prototype: object, name: PropertyKey, descriptor: PropertyDescriptor): Handler {
  const inherited = descriptor.value as Handler;
  const own: Handler = function (this: unknown, ...args) {
    return inherited.apply(this, args);
  };
  for (const key of Reflect.getMetadataKeys(inherited) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, inherited), own);
  }
  Object.defineProperty(own, "name", { value: inherited.name, configurable: true });
  Object.defineProperty(prototype, name, { ...descriptor, value: own });
  return own;
}
