import { once } from "node:events";
import { createServer, type RequestListener, type ServerOptions } from "node:http";
import type { AddressInfo } from "node:net";

import { memoryStore, type IdempotencyStore } from "@reissue/core";
import { onTestFinished } from "vitest";

/** Some bytes on a disk, which a test may send. */
export const file: string = import.meta.filename;

/** Longer than what a compressor takes for too short. */
export const long: string = "a line of text\n".repeat(1000);

/** A request that takes a compressed answer. */
export const gzip: { readonly headers: readonly string[] } = { headers: ["Accept-Encoding: gzip"] };

/** The options of a gate that keeps answers. */
export function claiming(store: IdempotencyStore = memoryStore()): object {
  return { idempotency: { store, scope: "shared" } };
}

/** Starts a service, which ends with the test. */
export async function listening(
  listener: RequestListener,
  options: ServerOptions = {},
): Promise<string> {
  const server = createServer(options, listener).listen(0, "127.0.0.1");
  onTestFinished(() => server.close().closeAllConnections());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
