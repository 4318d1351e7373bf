export type {
  ClientOf,
  PostgresClient,
  PostgresPool,
  PostgresResult,
  PostgresStatement,
} from "./connection/pool.ts";
export { postgresStore, type PostgresStore, type PostgresStoreOptions } from "./postgres-store.ts";
export { sweepChannel, type Sweeper, type SweeperOptions, type SweepMessage } from "./sweeper.ts";
export type { TransactionResponse } from "./transaction-response.ts";
export type { TransactionClaim } from "./connection/transaction.ts";
