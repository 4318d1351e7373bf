/**
 * Whether Express responds to a value that was thrown: its last handler prints it, and what throws there ends the process.
 */
export function respondsTo(error: unknown): boolean {
  const { stack, toString } = error as { readonly stack?: unknown; toString?: () => string };
  // As Express prints it, on stderr and to the client. A symbol has no text that is made of it by itself.
  return stack ? typeof stack !== "symbol" : typeof toString?.call(error) === "string";
}
