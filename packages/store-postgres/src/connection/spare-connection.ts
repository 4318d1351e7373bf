import { systemClock, type Clock, type Timer } from "@reissue/core";

import { sqlState } from "./execute.ts";
import type { PostgresResult, PostgresStatement } from "./pool.ts";

/** What is needed of pg's `Client`, as a pool makes it. */
export interface SpareClient {
  connect(): Promise<unknown>;
  query(statement: PostgresStatement): Promise<PostgresResult>;
  end(): Promise<unknown>;
  on(event: "error" | "end", listener: () => void): unknown;
  ref?(): void;
  unref?(): void;
}

/** How long it stays open without use, in ms. */
const idleMs = 1000;

/** How long one statement may take, in ms: five times what the engine waits for one by default. */
const queryTimeoutMs = 10_000;

/** How long connecting may take, in ms: as long as a statement, since one waits for it. A pool may be given a shorter time. */
const connectTimeoutMs = queryTimeoutMs;

/** One connection beside a pool: opened when it is asked for, closed soon after. Runs one statement after the other. */
export class SpareConnection {
  readonly #make: () => SpareClient;
  readonly #onOpen: (client: SpareClient) => unknown;
  readonly #onClosed: (client: SpareClient) => void;
  readonly #clock: Clock;
  #client: SpareClient | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #idle: Timer = null;

  /**
   * @param make - Makes a client, which is not connected yet.
   * @param onOpen - Does to a new connection what the application does to each.
   * @param onClosed - Told when a connection that was opened is closed.
   * @param clock - Time; tests put their own here.
   */
  constructor(
    make: () => SpareClient,
    onOpen: (client: SpareClient) => unknown,
    onClosed: (client: SpareClient) => void,
    clock: Clock = systemClock,
  ) {
    this.#make = make;
    this.#onOpen = onOpen;
    this.#onClosed = onClosed;
    this.#clock = clock;
  }

  /** How many statements wait for it or run. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Runs a statement once those before it have ended; fails as the statement does, or as connecting does. */
  query(statement: PostgresStatement): Promise<PostgresResult> {
    this.#waiting += 1;
    const result = this.#last.then(() => this.#run(statement));
    this.#last = result.then(
      () => this.#ran(),
      () => this.#ran(),
    );
    return result;
  }

  async #run(statement: PostgresStatement): Promise<PostgresResult> {
    this.#clock.clearTimeout(this.#idle);
    this.#client?.ref?.();
    const client = this.#client ?? (await this.#open());
    try {
      // pg takes a time for each statement, and leaves the connection as it is when that is over.
      return await client.query({
        query_timeout: queryTimeoutMs,
        ...statement,
      } as PostgresStatement);
    } catch (error) {
      // What the server reports leaves a connection as good as it was.
      if (sqlState(error) === null) this.#close(client);
      throw error;
    }
  }

  async #open(): Promise<SpareClient> {
    const client = this.#make();
    client.on("error", () => this.#close(client));
    client.on("end", () => this.#close(client));
    try {
      await this.#connected(client);
    } catch (error) {
      // pg closes its socket only where the server has closed its own.
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

  /** Connects; fails once the time is over, or everybody behind it would wait for ever. */
  #connected(client: SpareClient): Promise<unknown> {
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

  #ran(): void {
    this.#waiting -= 1;
    const client = this.#client;
    if (this.#waiting > 0 || client === null) return;
    // Nobody waits for it: a process may end meanwhile.
    client.unref?.();
    this.#idle = this.#clock.setTimeout(() => this.#close(client), idleMs, { background: true });
  }
}
