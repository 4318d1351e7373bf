const idempotentMethods: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "PUT",
  "DELETE",
  "QUERY",
]);

const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "QUERY"]);

/** Whether a method is idempotent (RFC 9110 §9.2.2; QUERY from its own draft). Methods are case-sensitive. */
export function isIdempotentMethod(method: string): boolean {
  return idempotentMethods.has(method);
}

/** Whether a method is safe, that is read-only for the client (RFC 9110 §9.2.1). */
export function isSafeMethod(method: string): boolean {
  return safeMethods.has(method);
}
