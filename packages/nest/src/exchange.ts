import type { IncomingMessage, ServerResponse } from "node:http";

/** A request as Nest hands it on: Express' own, Fastify's, or that of node:http in a middleware under Fastify. */
interface AnyRequest extends IncomingMessage {
  readonly raw?: IncomingMessage;
}

/** A response as Nest hands it on, accordingly. */
interface AnyResponse extends ServerResponse {
  readonly raw?: ServerResponse;
  /** Express and Fastify; Fastify writes it to the response when it responds itself. */
  header?(name: string, value: string): unknown;
  /** Fastify: the headers that are not written yet. */
  getHeaders(): Record<string, number | string | string[] | undefined>;
  /** Fastify: has it leave the response alone. */
  hijack?(): unknown;
}

/** The request of node:http behind a framework's. */
export function rawRequest(request: unknown): IncomingMessage {
  const { raw } = request as AnyRequest;
  return raw ?? (request as IncomingMessage);
}

/** The response of node:http behind a framework's. */
export function rawResponse(response: unknown): ServerResponse {
  const { raw } = response as AnyResponse;
  return raw ?? (response as ServerResponse);
}

/** Sets headers of a response, where whatever responds to it finds them. */
export function setHeaders(response: unknown, headers: Readonly<Record<string, string>>): void {
  const target = response as AnyResponse;
  for (const [name, value] of Object.entries(headers)) {
    if (target.header === undefined) target.setHeader(name, value);
    else target.header(name, value);
  }
}

/** Writes headers to a response that is going to be sent without Fastify, which would write them itself. */
export function flushHeaders(response: unknown): void {
  const { raw } = response as AnyResponse;
  if (raw === undefined) return;
  for (const [name, value] of Object.entries((response as AnyResponse).getHeaders())) {
    if (value !== undefined) raw.setHeader(name, value);
  }
}

/** Has Fastify leave a response alone that was sent without it. */
export function leaveAlone(response: unknown): void {
  (response as AnyResponse).hijack?.();
}
