import type { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";

import { onTestFinished } from "vitest";

/** Channels whose messages say which request they are about, and that are published while it is being sent. */
const sending = [
  "undici:request:create",
  "undici:client:sendHeaders",
  "undici:request:bodyChunkSent",
  "undici:request:bodySent",
  "tracing:reissue:attempt:start",
  "tracing:reissue:attempt:asyncEnd",
];

/** Channels whose messages name no path. */
const others = ["undici:client:connected", "reissue:decision"];

/** In whose context things were published while a test ran. */
export interface ContextLog {
  /** What was published in another context than that of the caller whom the path names. */
  readonly foreign: readonly string[];
  /** The names of the channels on which anything was published. */
  readonly seen: readonly string[];
  /** In whose contexts connections came to stand, in order. */
  readonly connecting: readonly (string | undefined)[];
  /** In whose contexts a channel was published on, in order. */
  stores(channel: string): (string | undefined)[];
}

/** Listens until the test is over; each request's path is the name of its caller. */
export function contextLog(caller: AsyncLocalStorage<string>): ContextLog {
  const events: { name: string; path: string | null; store: string | undefined }[] = [];
  const listen = (message: unknown, channel: string | symbol): void => {
    const { request, path = request?.path ?? null } = message as {
      request?: { path?: string };
      path?: string | null;
    };
    events.push({ name: String(channel), path, store: caller.getStore() });
  };
  for (const name of [...sending, ...others]) {
    subscribe(name, listen);
    onTestFinished(() => void unsubscribe(name, listen));
  }
  const stores = (channel: string): (string | undefined)[] =>
    events.filter(({ name }) => name === channel).map(({ store }) => store);
  return {
    get foreign() {
      return events
        .filter(({ path, store }) => path !== null && path !== `/${store}`)
        .map(({ name, path, store }) => `${name} of ${path} in ${store}`);
    },
    get seen() {
      return [...new Set(events.map(({ name }) => name))];
    },
    get connecting() {
      return stores("undici:client:connected");
    },
    stores,
  };
}
