/**
 * Whether Express responds to a thrown value: its last handler prints the value, and an exception there ends the process.
 */
export function respondsTo(error: unknown): boolean {
  const { stack, toString } = error as { readonly stack?: unknown; toString?: () => string };
  // As Express prints it, on stderr and to the client. A symbol does not convert to a string.
  return stack ? typeof stack !== "symbol" : typeof toString?.call(error) === "string";
}
