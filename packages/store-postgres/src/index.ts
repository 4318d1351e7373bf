export type {
  ClientOf,
  PostgresClient,
  PostgresPool,
  PostgresResult,
  PostgresStatement,
} from "./pool.ts";
export { postgresStore, type PostgresStore, type PostgresStoreOptions } from "./postgres-store.ts";
export { sweepChannel, type Sweeper, type SweeperOptions, type SweepMessage } from "./sweeper.ts";
export type { TransactionAnswer } from "./transaction-answer.ts";
export type { TransactionClaim } from "./transaction.ts";
