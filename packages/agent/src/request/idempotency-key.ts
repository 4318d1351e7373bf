import type { ClientRequest } from "node:http";

const line = /\r\nidempotency-key:[ \t]*\S/i;

/** Whether a request carries an `Idempotency-Key`, as far as its headers have been set one by one. */
export function hasKey(request: ClientRequest): boolean {
  const key = request.getHeader("idempotency-key");
  return key !== undefined && key.toString().trim() !== "";
}

/** Whether the head of a request, which its first write begins with, has an `Idempotency-Key`. */
export function hasKeyInHead(firstWrite: string | Uint8Array): boolean {
  if (typeof firstWrite !== "string") return false;
  const end = firstWrite.indexOf("\r\n\r\n");
  return line.test(end === -1 ? firstWrite : firstWrite.slice(0, end));
}
