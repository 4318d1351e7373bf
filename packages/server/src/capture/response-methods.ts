/** A method of a response's, or what is called in its place. */
export type Method = (...args: unknown[]) => unknown;

/** The names of the methods that everything comes down to which a response is told. */
export const names: readonly ["writeHead", "write", "end", "addTrailers", "flushHeaders"] = [
  "writeHead",
  "write",
  "end",
  "addTrailers",
  "flushHeaders",
];

/** Those methods. */
export type Methods = Readonly<Record<(typeof names)[number], Method>>;
