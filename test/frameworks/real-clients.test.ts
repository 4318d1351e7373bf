import { once } from "node:events";
import { createServer } from "node:net";

import type { FaultRule } from "@reissue/testing";
import createError from "http-errors";
import { describe, expect, onTestFinished, test } from "vitest";

import { opened } from "../testing/opened.ts";
import { freePort } from "../support/free-port.ts";
import { ask } from "../support/request.ts";
import {
  clients,
  rejecting,
  type Client,
  type Mode,
  type Target,
} from "../support/http-clients.ts";
import { frameworks, type Running, type Start } from "../support/frameworks/frameworks.ts";

/** Short only where time is what fails. */
const patienceMs = (mode: Mode | null): number => (mode === "late" ? 100 : 10_000);

const statuses: Readonly<Record<Mode, number>> = {
  refused: 502,
  reset: 502,
  cut: 502,
  late: 504,
  closed: 503,
};

const faults: Readonly<Partial<Record<Mode, FaultRule>>> = {
  reset: { fault: "reset" },
  cut: { fault: "cut-body", with: "fin" },
  late: { fault: "hang" },
};

type Address = Pick<Target, "origin" | "port">;

/** What fails in a mode, for clients of HTTP. */
async function failing(mode: Mode): Promise<Address> {
  const fault = faults[mode];
  const headers = { "set-cookie": "session=theirs" };
  const orders = await opened({
    port: await freePort(),
    respond: { body: "x".repeat(1000), headers },
    faults: fault === undefined ? [] : [fault],
  });
  if (mode === "refused") await orders.refuse();
  return orders;
}

/** The same for clients of databases: a server that takes a connection, and closes it once something came, or never. */
async function silent(mode: Mode): Promise<Address> {
  const server = createServer((socket) => {
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => {});
    socket.once("data", () => {
      if (mode === "reset") socket.end();
    });
  });
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  if (mode === "refused") await new Promise((resolve) => server.close(resolve));
  return { origin: `tcp://127.0.0.1:${port}`, port };
}

/** A service whose handler only calls, with whatever its own request's method is. */
async function calling(
  start: Start,
  call: Client["call"],
  { origin, port }: Address,
  timeoutMs: number,
): Promise<Running & { readonly thrown: unknown[] }> {
  const thrown: unknown[] = [];
  const service = await start({
    async run({ request: { method = "" } }) {
      try {
        return await call({ origin, port, method, timeoutMs });
      } catch (error) {
        thrown.push(error);
        throw error;
      }
    },
  });
  return { ...service, thrown };
}

const cases = Object.entries(clients).flatMap(([name, client]) =>
  client.modes.map((mode) => [name, mode, client] as const),
);

describe.each(frameworks)("%s", (_, start) => {
  test.each(cases)("the error of %s is translated: %s", async (name, mode, { call }) => {
    const isOfHttp = name !== "pg" && name !== "ioredis";
    const address = await (isOfHttp ? failing(mode) : silent(mode));
    const service = await calling(start, call, address, patienceMs(mode));
    const check = async (method: "GET" | "POST"): Promise<void> => {
      const status = method === "GET" ? statuses[mode] : 500;
      const answer = await ask(service, { method });
      expect(answer.status).toBe(status);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        "x-should-retry": String(method === "GET"),
        "cache-control": "no-store",
      });
      expect(answer.headers.get("retry-after")).toBe(status === 503 ? "1" : null);
      expect(answer.headers.get("set-cookie")).toBeNull();
      const inside = new RegExp(`127\\.0\\.0\\.1|${address.port}|ECONN|time|abort|clos`);
      expect(answer.body).not.toMatch(inside);
    };
    await Promise.all([check("GET"), check("POST")]);
    expect(service.errors).toHaveLength(2);
    for (const error of service.errors) {
      expect(createError.isHttpError(error)).toBe(true);
      expect(service.thrown.includes((error as Error).cause)).toBe(true);
    }
    expect(new Set(service.thrown).size).toBe(2);
  });

  test.each(Object.entries(rejecting))(
    "a 401 and a 404 of an upstream are translated, under %s",
    async (_name, call) => {
      for (const status of [401, 404]) {
        const headers = { "set-cookie": "session=theirs", "x-theirs": "yes", connection: "close" };
        const orders = await opened({ respond: { status, headers, body: "theirs" } });
        const service = await calling(start, call, orders, patienceMs(null));
        for (const method of ["GET", "POST"]) {
          const answer = await ask(service, { method });
          expect(answer.status).toBe(500);
          expect(answer.headers.get("set-cookie")).toBeNull();
          expect(answer.headers.get("x-theirs")).toBeNull();
          expect(answer.headers.get("x-should-retry")).toBeNull();
          expect(answer.body).not.toContain("theirs");
        }
        expect(service.errors).toHaveLength(2);
        // got's error has no status of its own, so it goes on as it is.
        const originals = service.errors.map((error) =>
          createError.isHttpError(error) ? (error as Error).cause : error,
        );
        expect(originals).toEqual(service.thrown);
      }
    },
  );
});
