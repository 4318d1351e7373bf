import { manualClock } from "@reissue/testing";
import { expect, test, vi } from "vitest";

import type { PostgresResult } from "./pool.ts";
import { SpareConnection, type SpareClient } from "./spare-connection.ts";

/** A client that connects, or does not, as it is told. */
function clientThat(connect: () => Promise<unknown>) {
  const result: PostgresResult = { rows: [], rowCount: 0 };
  const end = vi.fn<() => Promise<void>>(async () => {});
  const client: SpareClient = { connect, end, query: async () => result, on: () => client };
  return { client, end };
}

const works = () => clientThat(async () => {});
const statement = { text: "SELECT", values: [] };

test("a refused connection is ended, and the next statement gets another one", async () => {
  const clients = [clientThat(() => Promise.reject(new Error("refused"))), works()];
  let next = 0;
  const onClosed = vi.fn<() => void>();
  const make = (): SpareClient => clients[next++]!.client;
  const spare = new SpareConnection(make, () => {}, onClosed, manualClock());
  await expect(spare.query(statement)).rejects.toThrow("refused");
  expect(clients[0]?.end).toHaveBeenCalledOnce();
  // It was never opened.
  expect(onClosed).not.toHaveBeenCalled();
  await spare.query(statement);
  expect([next, spare.waiting]).toEqual([2, 0]);
});

test("a connection that is never established is given up, and no statement waits behind it", async () => {
  const clock = manualClock();
  const clients = [clientThat(() => new Promise(() => {})), works()];
  let next = 0;
  const spare = new SpareConnection(
    () => clients[next++]!.client,
    () => {},
    () => {},
    clock,
  );
  const first = spare.query(statement).catch(String);
  const second = spare.query(statement);
  await clock.advance(10_000);
  expect(await first).toContain("not established within 10000 ms");
  expect(clients[0]?.end).toHaveBeenCalledOnce();
  await second;
  await clock.advance(1000);
  expect(clients[1]?.end).toHaveBeenCalledOnce();
  expect(clock.pending).toBe(0);
});
