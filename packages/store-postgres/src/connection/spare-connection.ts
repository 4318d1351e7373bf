import { systemClock, type Clock, type Timer } from "@reissue/core";

import { sqlState } from "./execute.ts";
import type { PostgresResult, PostgresStatement } from "./pool.ts";

/** The methods of pg's `Client` that are used; a pool creates it. */
export interface SpareClient {
  connect(): Promise<unknown>;
  query(statement: PostgresStatement): Promise<PostgresResult>;
  end(): Promise<unknown>;
  on(event: "error" | "end", listener: () => void): unknown;
  ref?(): void;
  unref?(): void;
}

/** How long the connection stays open without use, in ms. */
const idleMs = 1000;

/** The timeout of one statement, in ms: five times the default `storeTimeoutMs`. */
const queryTimeoutMs = 10_000;

/** The timeout of connecting, in ms: as for a statement, since one waits for it. A pool's own may be shorter. */
const connectTimeoutMs = queryTimeoutMs;

/** One connection beside a pool: opened on demand, closed soon after. Runs one statement after the other. */
export class SpareConnection {
  readonly #create: () => SpareClient;
  readonly #onOpen: (client: SpareClient) => unknown;
  readonly #onClosed: (client: SpareClient) => void;
  readonly #clock: Clock;
  #client: SpareClient | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #idleTimer: Timer = null;

  /**
   * @param create - Creates a client, not connected yet.
   * @param onOpen - Sets up a new connection, as the application does with each.
   * @param onClosed - Called when an established connection is closed.
   * @param clock - Time and timers, for tests.
   */
  constructor(
    create: () => SpareClient,
    onOpen: (client: SpareClient) => unknown,
    onClosed: (client: SpareClient) => void,
    clock: Clock = systemClock,
  ) {
    this.#create = create;
    this.#onOpen = onOpen;
    this.#onClosed = onClosed;
    this.#clock = clock;
  }

  /** The number of statements that wait or run. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Runs a statement once those before it have ended; fails as the statement does, or as connecting does. */
  query(statement: PostgresStatement): Promise<PostgresResult> {
    this.#waiting += 1;
    const result = this.#last.then(() => this.#run(statement));
    this.#last = result.then(
      () => this.#onStatementEnd(),
      () => this.#onStatementEnd(),
    );
    return result;
  }

  async #run(statement: PostgresStatement): Promise<PostgresResult> {
    this.#clock.clearTimeout(this.#idleTimer);
    this.#client?.ref?.();
    const client = this.#client ?? (await this.#open());
    try {
      // pg has a timeout for each statement, and leaves the connection open when it expires.
      return await client.query({
        query_timeout: queryTimeoutMs,
        ...statement,
      } as PostgresStatement);
    } catch (error) {
      // An error that the server reports leaves the connection usable.
      if (sqlState(error) === null) this.#close(client);
      throw error;
    }
  }

  async #open(): Promise<SpareClient> {
    const client = this.#create();
    client.on("error", () => this.#close(client));
    client.on("end", () => this.#close(client));
    try {
      await this.#connect(client);
    } catch (error) {
      // pg does not close its own socket after a failure, unless the server has closed.
      client.end().catch(() => {});
      throw error;
    }
    this.#client = client;
    try {
      await this.#onOpen(client);
    } catch (error) {
      this.#close(client);
      throw error;
    }
    return client;
  }

  /** Connects; fails after a timeout, or the statements that wait would wait for ever. */
  #connect(client: SpareClient): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimeout(() => {
        reject(new Error(`The connection was not established within ${connectTimeoutMs} ms`));
      }, connectTimeoutMs);
      const stop = (): void => this.#clock.clearTimeout(timer);
      void client.connect().then(resolve, reject).finally(stop);
    });
  }

  #close(client: SpareClient): void {
    if (this.#client !== client) return;
    this.#client = null;
    this.#onClosed(client);
    client.end().catch(() => {});
  }

  #onStatementEnd(): void {
    this.#waiting -= 1;
    const client = this.#client;
    if (this.#waiting > 0 || client === null) return;
    // An idle connection does not keep the process alive.
    client.unref?.();
    this.#idleTimer = this.#clock.setTimeout(() => this.#close(client), idleMs, {
      background: true,
    });
  }
}
