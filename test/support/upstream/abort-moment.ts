import { faultyUpstream, type FaultyUpstream, type ManualClock } from "@reissue/testing";
import type { Upstream, UpstreamRequestOptions } from "@reissue/upstream";
import { onTestFinished, vi } from "vitest";

import { rawServer } from "./servers/raw-server.ts";

/** What a call is made of, and how to wait until it has come to the moment. */
export interface Scene {
  readonly origin: string;
  readonly options?: UpstreamRequestOptions;
  /** Resolves once the call is at the moment. */
  reached(): Promise<void>;
  /** Connections open at the server. */
  open(): number;
}

/** One moment in the life of a call, at which somebody may abort it or the client may be destroyed. */
export interface Moment {
  readonly name: string;
  /** Whether the caller has its answer by then. */
  readonly answered: boolean;
  /** Idle connections that a call ended at this moment rightly leaves behind. */
  readonly keeps: number;
  stage(clock: ManualClock, upstream: Upstream): Promise<Scene>;
}

async function opened(faults: Parameters<FaultyUpstream["setFaults"]>[0]): Promise<FaultyUpstream> {
  const server = await faultyUpstream({ faults });
  onTestFinished(() => server.close());
  return server;
}

function scene(server: FaultyUpstream, reached: () => Promise<void>): Scene {
  return { origin: server.origin, reached, open: () => server.open };
}

function waited(clock: ManualClock, ms: number): Promise<void> {
  return vi.waitFor(
    () => {
      if (clock.nextMs !== ms) throw new Error(`the next timer is due in ${clock.nextMs} ms`);
    },
    { interval: 2 },
  );
}

const head = "HTTP/1.1 200 OK\r\n";

/** Needs a client with `connections: 1` and the default times. */
export const moments: readonly Moment[] = [
  {
    name: "in back-off",
    answered: false,
    keeps: 1,
    async stage(clock) {
      const server = await opened([{ fault: "status", retryAfter: 7 }]);
      return scene(server, () => waited(clock, 7000));
    },
  },
  {
    name: "in line for a connection",
    answered: false,
    keeps: 0,
    async stage(_clock, upstream) {
      const server = await opened([{ fault: "hang" }]);
      const ahead = new AbortController();
      onTestFinished(() => ahead.abort());
      upstream.request(server.origin, { signal: ahead.signal }).catch(() => {});
      await server.until(({ heads }) => heads === 1);
      return scene(server, () => Promise.resolve());
    },
  },
  {
    name: "while connecting",
    answered: false,
    keeps: 0,
    async stage() {
      // Accepts, and never greets back.
      const server = await rawServer(() => {});
      const origin = server.origin.replace("http:", "https:");
      const reached = (): Promise<void> => server.until(({ connections }) => connections === 1);
      return { origin, reached, open: () => server.open.size };
    },
  },
  {
    name: "while waiting for headers",
    answered: false,
    keeps: 0,
    async stage() {
      const server = await opened([{ fault: "hang" }]);
      return scene(server, () => server.until(({ heads }) => heads === 1));
    },
  },
  {
    name: "in the middle of the head",
    answered: false,
    keeps: 0,
    async stage() {
      const server = await rawServer((socket) => socket.once("data", () => socket.write(head)));
      const reached = async (): Promise<void> => {
        await server.until(({ received }) => received[0]?.includes("\r\n\r\n") === true);
        // real time: the client must have read the head
        await new Promise((resolve) => setTimeout(resolve, 10));
      };
      return { origin: server.origin, reached, open: () => server.open.size };
    },
  },
  {
    name: "in the middle of a held answer",
    answered: false,
    keeps: 0,
    async stage() {
      const answer = `${head}Content-Length: 10\r\n\r\nhello`;
      const server = await rawServer((socket) => socket.once("data", () => socket.write(answer)));
      const reached = async (): Promise<void> => {
        await server.until(({ received }) => received[0]?.includes("\r\n\r\n") === true);
        // real time: the client must have read the response's part
        await new Promise((resolve) => setTimeout(resolve, 10));
      };
      return { origin: server.origin, reached, open: () => server.open.size };
    },
  },
  {
    name: "in the middle of a streamed answer",
    answered: true,
    keeps: 0,
    async stage() {
      const answer = `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`;
      const server = await rawServer((socket) => socket.once("data", () => socket.write(answer)));
      const reached = (): Promise<void> => server.until(({ connections }) => connections === 1);
      return { origin: server.origin, reached, open: () => server.open.size };
    },
  },
];
