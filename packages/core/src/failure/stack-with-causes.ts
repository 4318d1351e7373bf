import { isObject, read } from "./error-info.ts";

/** Most causes that a stack shows, so that a chain that is a circle ends. */
const maxCauses = 5;

/** Errors whose stack shows their causes. */
const shown = new WeakSet<object>();

/**
 * Shows an error's causes below its own stack: loggers that print nothing but `stack`, such as the default error
 * handlers of Express and Koa, would hide what happened.
 *
 * The stack is put together when it is first read, since most errors are never printed. For util.inspect, and so for
 * `console.error(error)`, it is the error's own.
 *
 * @param below - Function whose callers the stack is to begin with, in place of the error's own; null to leave it.
 * @param mayShow - Whether a reader may see the causes; asked at each reading.
 */
export function showCausesInStack(
  error: Error,
  below: Function | null,
  mayShow = () => true,
): void {
  const trace: { stack?: unknown } = {};
  if (below === null) trace.stack = error.stack;
  else Error.captureStackTrace(trace, below);
  shown.add(error);
  let whole: string | null = null;
  const set = (value: unknown): void => {
    Object.defineProperty(error, "stack", { value, writable: true, configurable: true });
  };
  const own = (): unknown => {
    const { stack } = trace;
    // `Error.prepareStackTrace` may make anything of it.
    if (typeof stack !== "string") return stack;
    const frames = stack.indexOf("\n    at ");
    return `${error.name}: ${error.message}${frames === -1 ? "" : stack.slice(frames)}`;
  };
  const get = (): unknown => {
    const stack = own();
    // util.inspect prints the causes itself.
    if (typeof stack !== "string" || inspected.has(error) || !mayShow()) return stack;
    whole ??= stack + causesOf(error);
    return whole;
  };
  Object.defineProperty(error, "stack", { get, set, configurable: true });
  Object.defineProperty(error, inspectKey, { value: inspectError, configurable: true });
}

/** Errors that util.inspect is printing. */
const inspected = new WeakSet<object>();

/** Where util.inspect looks for a function of an object's own, in Node and elsewhere. */
const inspectKey = Symbol.for("nodejs.util.inspect.custom");

type Inspect = (value: unknown, options: object) => string;

/** Prints an error with each cause once: util.inspect adds them to the stack, which shows them already. */
function inspectError(
  this: Error,
  depth: number | null,
  options: object,
  inspect: Inspect,
): string {
  if (inspected.has(this)) return "[Circular]";
  inspected.add(this);
  const isFixed = Object.isSealed(this);
  // Without this function, which would be called again.
  if (!isFixed) Object.defineProperty(this, inspectKey, { value: undefined });
  try {
    return inspect(this, { ...options, depth, ...(isFixed && { customInspect: false }) });
  } finally {
    if (!isFixed) Object.defineProperty(this, inspectKey, { value: inspectError });
    inspected.delete(this);
  }
}

function causesOf(error: Error): string {
  let text = "";
  let current: unknown = error;
  for (let depth = 0; depth < maxCauses; depth += 1) {
    current = read(current, "cause");
    const stack = typeof current === "string" ? current : read(current, "stack");
    if (typeof stack !== "string") break;
    text += `\n  [cause]: ${stack.replaceAll("\n", "\n  ")}`;
    if (!isObject(current) || shown.has(current)) break;
  }
  return text;
}
