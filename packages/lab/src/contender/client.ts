import type { LabMethod } from "../settings/bounds.ts";

/** One call that a contender makes. */
export interface ClientCall {
  readonly url: string;
  readonly method: LabMethod;
  /** Request id, and the key if there is one. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined for GET. */
  readonly body: string | undefined;
}

/**
 * Makes a call and reads the whole response.
 *
 * @returns its status
 * @throws the client's own error
 */
export type Client = (call: ClientCall) => Promise<number>;
