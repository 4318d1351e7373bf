import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ServerResponse } from "node:http";

import { memoryStore, type IdempotencyStore } from "@reissue/core";
import { describe, expect, onTestFinished, test } from "vitest";

import { frameworks } from "../../support/frameworks/frameworks.ts";
import { ask } from "../../support/raw-connection.ts";
import { serve } from "../capture/service.ts";

/** Returns the latest response of any server of this process. */
function latestResponse(): () => ServerResponse {
  let latest: ServerResponse | null = null;
  const note = (message: unknown): void => {
    latest = (message as { readonly response: ServerResponse }).response;
  };
  subscribe("http.server.request.start", note);
  onTestFinished(() => void unsubscribe("http.server.request.start", note));
  return () => latest!;
}

describe.each(frameworks)(
  "%s, where a timeout of the application's own has responded",
  (_, start) => {
    test("runs nothing once the key is claimed, and leaves the key free", async () => {
      const response = latestResponse();
      const memory = memoryStore();
      let isSlow = true;
      const store: IdempotencyStore = {
        async claim(request) {
          if (isSlow) response().writeHead(503).end("early");
          isSlow = false;
          return memory.claim(request);
        },
        renew: (...args) => memory.renew(...args),
        complete: (...args) => memory.complete(...args),
        release: (...args) => memory.release(...args),
      };
      const service = await serve(start, (_call, number) => `run ${number}`, { store });
      const first = await ask(service.origin, { key: "a" });
      expect([first.status, service.runs()]).toEqual([503, 0]);
      for (const replayed of [false, true]) {
        const again = await ask(service.origin, { key: "a" });
        expect([again.status, again.body, again.replayed]).toEqual([200, "run 1", replayed]);
      }
      expect(service.errors).toEqual([]);
    });
  },
);
