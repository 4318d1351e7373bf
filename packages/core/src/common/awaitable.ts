/** What is there at once, or comes later. */
export type Awaitable<Value> = Value | Promise<Value>;

/**
 * Makes a call and goes on with what it comes to, as an async function would: but at once where there is no promise,
 * since promises and their turns can cost more than the work between them.
 *
 * @param onValue - Given what it came to. A promise that it gives does not reject.
 * @param onError - Given what the call threw or rejected with, or `onValue` threw.
 */
export function attempt<Value, Next>(
  call: () => Awaitable<Value>,
  onValue: (value: Value) => Awaitable<Next>,
  onError: (error: unknown) => Awaitable<Next>,
): Awaitable<Next> {
  let value: Awaitable<Value>;
  try {
    value = call();
    if (!isPromise(value)) return onValue(value);
  } catch (error) {
    return onError(error);
  }
  // One promise, where `then` and `catch` would make two.
  return value.then((coming) => {
    try {
      return onValue(coming);
    } catch (error) {
      return onError(error);
    }
  }, onError);
}

/** Whether it comes later; promises of other libraries are none of Node's. */
export function isPromise<Value>(value: Awaitable<Value>): value is Promise<Value> {
  const { then } = (value ?? {}) as { readonly then?: unknown };
  return typeof then === "function";
}
