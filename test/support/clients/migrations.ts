import { Agent } from "node:http";

import type { FastifyInstance } from "fastify";
import { getGlobalDispatcher, setGlobalDispatcher } from "undici";

import { call } from "../agent/call.ts";
import type { Declared } from "./page-code.ts";

/** What is sent. */
export interface Sending {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A client as a page of docs/migrating/ has it, before or after. */
export interface Migrated {
  /** Sends to the page's upstream, and reads the response whole; rejects where the caller is told of a failure. */
  send(sending: Sending): Promise<unknown>;
  close(): Promise<unknown> | void;
}

const nothing = (): void => {};

function ofAgent({ agent }: Declared, origin: string): Migrated {
  return {
    send: (sending) => call(`${origin}/orders/42`, { agent, ...sending }),
    close: () => agent.destroy(),
  };
}

/** Changes of a page's code that have the test wait for nothing, and count no late death: back-offs, and a clock. */
export const timed: Readonly<Record<string, (code: string) => string>> = {
  got: (code) =>
    code.replace(
      "limit: 2",
      "limit: 2, calculateDelay: ({ computedValue }) => Math.min(computedValue, 1)",
    ),
  "retry-agent": (code) =>
    code.replace("maxRetries: 2", "maxRetries: 2, minTimeout: 1, maxTimeout: 1"),
  agentkeepalive: (code) => code.replace("idleMs: 3000", "idleMs: 3000, clock"),
  "http-agent": (code) =>
    code.replace("HttpAgent({ maxSockets: 64", "HttpAgent({ maxSockets: 64, reissue: { clock }"),
};

/** How what a page's code declares is used, by page. */
export const migrations: Readonly<
  Record<string, (declared: Declared, origin: string) => Migrated | Promise<Migrated>>
> = {
  "axios-retry": ({ client, upstream }) => ({
    send: ({ body: data, ...rest }) => client.request({ url: "/orders/42", data, ...rest }),
    close: () => upstream?.close(),
  }),
  got: ({ client }, origin) => ({
    send: (sending) => client(`${origin}/orders/42`, sending),
    close: nothing,
  }),
  agentkeepalive: ofAgent,
  "http-agent": ofAgent,
  "retry-agent": (_declared, origin) => {
    const dispatcher = getGlobalDispatcher();
    const own = { dispatcher } as object;
    return {
      send: async (sending) => (await fetch(`${origin}/orders/42`, { ...sending, ...own })).text(),
      close: () => dispatcher.destroy(),
    };
  },
  "reply-from": async ({ app }) => {
    const service = app as FastifyInstance;
    const own = await service.listen({ port: 0, host: "127.0.0.1" });
    // Not one of the page's, since these are what is measured.
    const agent = new Agent();
    return {
      async send({ method, headers, body }) {
        const { status } = await call(`${own}/orders/42`, { agent, method, headers, body });
        if (status === 500) throw new Error("Internal Server Error");
      },
      close: () => service.close(),
    };
  },
};

/** Restores undici's global dispatcher, which a page sets. */
export async function withGlobalDispatcher<Result>(run: () => Promise<Result>): Promise<Result> {
  const before = getGlobalDispatcher();
  try {
    return await run();
  } finally {
    setGlobalDispatcher(before);
  }
}
