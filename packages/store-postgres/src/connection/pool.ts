/** A statement for pg. */
export interface PostgresStatement {
  readonly text: string;
  readonly values: unknown[];
  /** The name of the prepared statement; undefined for none. */
  readonly name?: string | undefined;
}

/** The result of a statement. */
export interface PostgresResult {
  readonly rows: readonly Record<string, unknown>[];
  readonly rowCount: number | null;
  /** The command that the server has executed: "ROLLBACK" for the COMMIT of a failed transaction. */
  readonly command?: string | undefined;
}

/** A connection taken from a pool: the methods of pg's `PoolClient` that a store uses. */
export interface PostgresClient {
  query(statement: PostgresStatement): Promise<PostgresResult>;
  /** Returns the connection to the pool; with an error, the pool discards it. */
  release(error?: Error): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
  /** "I" where no transaction is open. */
  getTransactionStatus?(): string | null;
}

/** The methods of pg's `Pool` that a store uses. */
export interface PostgresPool {
  query(statement: PostgresStatement): Promise<PostgresResult>;
  connect(): Promise<PostgresClient>;
}

/** The type of a pool's connections, so that an application's own statements have pg's types. */
export type ClientOf<Pool extends PostgresPool> = Pool extends {
  connect: { (): Promise<infer Client extends PostgresClient>; (callback: never): void };
}
  ? Client
  : Pool extends { connect(): Promise<infer Client extends PostgresClient> }
    ? Client
    : PostgresClient;
