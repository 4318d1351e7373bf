import type { StoredResponse, Claim, IdempotencyStore } from "@reissue/core";
import { postgresStore, type PostgresPool, type TransactionClaim } from "@reissue/store-postgres";
import pg from "pg";
import { expectTypeOf } from "vitest";

const pool = new pg.Pool();
const store = postgresStore({ pool });
declare const claim: Claim;

expectTypeOf(pool).toExtend<PostgresPool>();
expectTypeOf(store).toExtend<IdempotencyStore>();
expectTypeOf(claim).toExtend<TransactionClaim>();

const answer = store.withTransaction(claim, async (client) => {
  expectTypeOf(client).toEqualTypeOf<pg.PoolClient>();
  interface Order {
    readonly id: number;
  }
  const order: Order = { id: (await client.query<Order>("SELECT 1 AS id")).rows[0]?.id ?? 0 };
  return { status: 201, headers: { Location: `/orders/${order.id}` }, body: order };
});
expectTypeOf(answer).resolves.toEqualTypeOf<StoredResponse>();

// @ts-expect-error: an answer is needed
void store.withTransaction(claim, async () => {});
// @ts-expect-error: a client is no pool
postgresStore({ pool: new pg.Client() });
