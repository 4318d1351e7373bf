import { encodeResponse, type StoredResponse, type ClaimToken } from "@reissue/core";
import { claimLostError } from "@reissue/core/internal";

import { missingTable, sqlState } from "./execute.ts";
import type { PostgresClient, PostgresResult } from "./pool.ts";
import { transactionResponse, type TransactionResponse } from "../transaction-response.ts";

/** The members of a `Claim` that a transaction uses. */
export interface TransactionClaim extends ClaimToken {
  /** Whether the claim was completed, released, abandoned or lost. */
  readonly settled: boolean;
  /** How long the response is stored, in ms. */
  readonly retentionMs: number;
  markCompleted(): void;
  abandon(): void;
}

/** Owners between the completion of their record and the end of their transaction: at most one for each connection. */
export type Completing = string[];

/** Retry-After for a request that has lost its claim, in seconds. */
const retryAfterSeconds = 1;

/** in_failed_sql_transaction */
const inFailedTransaction = "25P02";

/** Runs one transaction: the application's own statements, then the completion of the record. */
export async function transaction<Client extends PostgresClient>(
  pool: { connect(): Promise<Client> },
  claim: TransactionClaim | null,
  work: (client: Client) => Promise<TransactionResponse>,
  completion: { readonly text: string; readonly completing: Completing },
): Promise<StoredResponse> {
  if (claim?.settled) throw claimLostError(retryAfterSeconds);
  const client = await pool.connect();
  let broken: Error | undefined;
  // pg removes its own listener while a connection is in use; without one, a cut connection would end the process.
  const onError = (error: Error): void => void (broken = error);
  client.on("error", onError);
  let isCommitting = false;
  try {
    await run(client, "BEGIN");
    const response = transactionResponse(await work(client));
    if (client.getTransactionStatus?.() === "I") {
      throw new Error("The work has ended its transaction itself, so its response is not stored");
    }
    if (claim !== null) {
      completion.completing.push(claim.owner);
      await complete(client, claim, completion.text, response);
    } else {
      // Fails where the work has ignored a failed statement, as a completion would; the client's own state may be late.
      await run(client, "SELECT 1");
    }
    isCommitting = true;
    const { command } = await run(client, "COMMIT");
    // COMMIT does not fail in a failed transaction.
    if (command === "ROLLBACK") throw rolledBackError();
    claim?.markCompleted();
    return response;
  } catch (error) {
    const failure = await rollBack(client);
    broken ??= failure;
    // If the server reported an error for COMMIT, nothing was committed. A cut connection leaves that open.
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
  response: StoredResponse,
): Promise<void> {
  const values = [claim.id, claim.owner, encodeResponse(response), claim.retentionMs];
  const { rowCount } = await client.query({ text, values }).catch((error: unknown) => {
    throw missingTable(error);
  });
  if (rowCount !== 1) throw claimLostError(retryAfterSeconds);
}

/** Rolls back. @returns the error of a lost connection, after which the server rolls back by itself. */
async function rollBack(client: PostgresClient): Promise<Error | undefined> {
  try {
    await run(client, "ROLLBACK");
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error("ROLLBACK failed", { cause: error });
  }
}

/** The error of a COMMIT after a failed statement that was not awaited, with the code of statements after a failed one. */
function rolledBackError(): Error {
  const error = new Error("COMMIT has rolled back, since a statement of the work had failed");
  return Object.assign(error, { severity: "ERROR", code: inFailedTransaction });
}

function run(client: PostgresClient, text: string): Promise<PostgresResult> {
  return client.query({ text, values: [] });
}
