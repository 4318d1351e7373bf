import { encodeResponse, type StoredResponse, type ClaimToken } from "@reissue/core";
import { claimLostError } from "@reissue/core/internal";

import { missingTable, sqlState } from "./execute.ts";
import type { PostgresClient, PostgresResult } from "./pool.ts";
import { transactionResponse, type TransactionResponse } from "../transaction-response.ts";

/** What a transaction needs of a `Claim`. */
export interface TransactionClaim extends ClaimToken {
  /** Whether it was completed, released, abandoned or lost. */
  readonly settled: boolean;
  /** How long the answer is remembered, in ms. */
  readonly retentionMs: number;
  markCompleted(): void;
  abandon(): void;
}

/** The owners that are between the completion of their record and the end of their transaction: a pool's worth at most. */
export type Completing = string[];

/** What Retry-After says to a request that has lost its claim, in seconds. */
const retryAfterSeconds = 1;

/** in_failed_sql_transaction */
const inFailedTransaction = "25P02";

/** One transaction: the application's own statements, then the completion. */
export async function transaction<Client extends PostgresClient>(
  pool: { connect(): Promise<Client> },
  claim: TransactionClaim | null,
  work: (client: Client) => Promise<TransactionResponse>,
  completion: { readonly text: string; readonly completing: Completing },
): Promise<StoredResponse> {
  if (claim?.settled) throw claimLostError(retryAfterSeconds);
  const client = await pool.connect();
  let broken: Error | undefined;
  // pg takes its own listener off while the connection is out; a cut one would end the process.
  const onError = (error: Error): void => void (broken = error);
  client.on("error", onError);
  let isCommitting = false;
  try {
    await run(client, "BEGIN");
    const answer = transactionResponse(await work(client));
    if (client.getTransactionStatus?.() === "I") {
      throw new Error("The work has ended its transaction itself, so its answer is not kept");
    }
    if (claim !== null) {
      completion.completing.push(claim.owner);
      await complete(client, claim, completion.text, answer);
    } else {
      // What a completion would meet where the work has hidden a failure. The client's own idea of it may be late.
      await run(client, "SELECT 1");
    }
    isCommitting = true;
    const { command } = await run(client, "COMMIT");
    // It does not fail in a transaction that has failed.
    if (command === "ROLLBACK") throw rolledBackError();
    claim?.markCompleted();
    return answer;
  } catch (error) {
    const failure = await rollBack(client);
    broken ??= failure;
    // An error that the server answered COMMIT with says that nothing was committed. The connection's end says nothing.
    if (isCommitting && (broken !== undefined || sqlState(error) === null)) claim?.abandon();
    throw error;
  } finally {
    if (claim !== null) remove(completion.completing, claim.owner);
    client.release(broken);
    client.removeListener("error", onError);
  }
}

function remove(owners: Completing, owner: string): void {
  const at = owners.indexOf(owner);
  if (at !== -1) owners.splice(at, 1);
}

async function complete(
  client: PostgresClient,
  claim: TransactionClaim,
  text: string,
  answer: StoredResponse,
): Promise<void> {
  const values = [claim.id, claim.owner, encodeResponse(answer), claim.retentionMs];
  const { rowCount } = await client.query({ text, values }).catch((error: unknown) => {
    throw missingTable(error);
  });
  if (rowCount !== 1) throw claimLostError(retryAfterSeconds);
}

/** @returns why it failed: the connection is gone, so the server rolls back itself. */
async function rollBack(client: PostgresClient): Promise<Error | undefined> {
  try {
    await run(client, "ROLLBACK");
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error("ROLLBACK failed", { cause: error });
  }
}

/** A statement that nobody waited for failed right before COMMIT; with the code of those that come after a failed one. */
function rolledBackError(): Error {
  const error = new Error("COMMIT has rolled back, since a statement of the work had failed");
  return Object.assign(error, { severity: "ERROR", code: inFailedTransaction });
}

function run(client: PostgresClient, text: string): Promise<PostgresResult> {
  return client.query({ text, values: [] });
}
