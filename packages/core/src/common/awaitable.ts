/** Value, or a promise of one. */
export type Awaitable<Value> = Value | Promise<Value>;

/**
 * Calls a function and continues with its result, as an async function would, but synchronously unless the result is a
 * promise. perf: docs/performance.md#awaitable
 *
 * @param onValue - Called with the result. A promise that it returns does not reject.
 * @param onError - Called with what the call, or `onValue`, threw or rejected with.
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
  // One promise; `then` and `catch` would create two.
  return value.then((result) => {
    try {
      return onValue(result);
    } catch (error) {
      return onError(error);
    }
  }, onError);
}

/** Whether a value is a promise, including those of other libraries. */
export function isPromise<Value>(value: Awaitable<Value>): value is Promise<Value> {
  const { then } = (value ?? {}) as { readonly then?: unknown };
  return typeof then === "function";
}
