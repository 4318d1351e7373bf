/** A method of a response, or the function that takes its place. */
export type Method = (...args: unknown[]) => unknown;

/** Names of the methods that every way to write a response comes down to. */
export const names: readonly ["writeHead", "write", "end", "addTrailers", "flushHeaders"] = [
  "writeHead",
  "write",
  "end",
  "addTrailers",
  "flushHeaders",
];

/** The methods of {@link names}. */
export type Methods = Readonly<Record<(typeof names)[number], Method>>;
