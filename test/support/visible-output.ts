import { inspect } from "node:util";

import {
  attemptChannel,
  decisionChannel,
  idempotencyChannel,
  memoryStore,
  type IdempotencyMessage,
  type IdempotencyStore,
} from "@reissue/core";
import { onTestFinished, vi } from "vitest";

/** All of a value that a log could show; of bytes their text. */
export function shown(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  return inspect(value, {
    depth: Infinity,
    showHidden: true,
    getters: true,
    maxArrayLength: null,
    maxStringLength: null,
  });
}

/** What an operator can come to see from now on, until the test ends. */
export class Seen {
  readonly channels: string[] = [];
  readonly stderr: string[] = [];
  readonly records: string[] = [];
  readonly answers: string[] = [];
  /** What has happened to keys. */
  readonly events = new Set<string>();

  constructor() {
    const hear = (message: unknown): void => void this.channels.push(shown(message));
    const hearEvent = (message: unknown): void =>
      void this.events.add((message as IdempotencyMessage).event);
    const { start, asyncEnd } = attemptChannel;
    const channels = [start, asyncEnd, decisionChannel, idempotencyChannel];
    for (const each of channels) each.subscribe(hear);
    idempotencyChannel.subscribe(hearEvent);
    const write = vi.spyOn(process.stderr, "write");
    write.mockImplementation((text) => this.stderr.push(String(text)) > 0);
    onTestFinished(() => {
      for (const each of channels) each.unsubscribe(hear);
      idempotencyChannel.unsubscribe(hearEvent);
      write.mockRestore();
    });
  }

  /** A store that writes down whatever is put into it, and can be made to fail. */
  store(): IdempotencyStore & { isDown: boolean } {
    const store = memoryStore();
    const put = (args: readonly unknown[]): void => void this.records.push(...args.map(shown));
    return {
      isDown: false,
      async claim(request) {
        put([request]);
        // What it was to write, as drivers say it.
        if (this.isDown) throw new Error(`connection lost: SET ${shown(request)}`);
        return store.claim(request);
      },
      renew: (...args) => (put(args), store.renew(...args)),
      complete: (...args) => (put(args), store.complete(...args)),
      release: (...args) => (put(args), store.release(...args)),
    };
  }
}
