/** A statement, as pg takes it. */
export interface PostgresStatement {
  readonly text: string;
  readonly values: unknown[];
  /** Under which name the connection keeps it prepared. */
  readonly name?: string | undefined;
}

/** What a statement came to. */
export interface PostgresResult {
  readonly rows: readonly Record<string, unknown>[];
  readonly rowCount: number | null;
  /** What the server says it has done: "ROLLBACK" to the COMMIT of a transaction that has failed. */
  readonly command?: string | undefined;
}

/** A connection that was taken out of a pool: what a store needs of pg's `PoolClient`. */
export interface PostgresClient {
  query(statement: PostgresStatement): Promise<PostgresResult>;
  /** Gives it back, or with an error throws it away. */
  release(error?: Error): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
  /** "I" where no transaction is open. */
  getTransactionStatus?(): string | null;
}

/** What a store needs of pg's `Pool`. */
export interface PostgresPool {
  query(statement: PostgresStatement): Promise<PostgresResult>;
  connect(): Promise<PostgresClient>;
}

/** The connections that a pool gives out, so that an application's own statements keep pg's types. */
export type ClientOf<Pool extends PostgresPool> = Pool extends {
  connect: { (): Promise<infer Client extends PostgresClient>; (callback: never): void };
}
  ? Client
  : Pool extends { connect(): Promise<infer Client extends PostgresClient> }
    ? Client
    : PostgresClient;
