/** What is there at once, or comes later. */
export type Awaitable<Value> = Value | Promise<Value>;

/** Whether it comes later; promises of other libraries are none of Node's. */
export function isPromise<Value>(value: Awaitable<Value>): value is Promise<Value> {
  const { then } = (value ?? {}) as { readonly then?: unknown };
  return typeof then === "function";
}
