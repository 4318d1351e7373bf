import { channel, type Channel } from "node:diagnostics_channel";

import type { Failure } from "../failure/failure.ts";

/**
 * Message of `reissue:translation`: an error of a handler that a gate has translated into a response of its own.
 *
 * Errors that are passed on as they are, and refused keys, are not published here.
 */
export interface TranslationMessage {
  /** Method of the inbound request, in capitals. */
  readonly method: string;
  /** Status of the response. */
  readonly status: number;
  /** Whether the response tells the client, and load balancers, to send the request again. */
  readonly retryable: boolean;
  /** Failure of the upstream or of the route's timeout; null for an upstream's response inside a client's error. */
  readonly failure: Failure | null;
  /** Error as the handler threw it. */
  readonly error: unknown;
}

/** Channel `reissue:translation`, with a {@link TranslationMessage} each. */
export const translationChannel: Channel<unknown, TranslationMessage> = channel(
  "reissue:translation",
) as Channel<unknown, TranslationMessage>;
