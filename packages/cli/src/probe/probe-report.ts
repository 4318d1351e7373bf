import type { Close } from "./connection/probe-connection.ts";
import type { Http2Facts } from "./http2-probe.ts";
import type { IdleLimit } from "./idle-times.ts";
import type { ProbeSettings } from "./settings.ts";

/** What a Keep-Alive header promises, and whether the server keeps the promise. */
export interface KeepAliveHint {
  readonly value: string;
  readonly timeoutMs: number | null;
  /** Null where it was not measured for as long. */
  readonly isTrue: boolean | null;
}

/** How many requests a connection carried. */
export type RequestLimit =
  /** No limit was met. */
  | { readonly type: "at-least"; readonly count: number }
  /** The server closed the connection after that many; `announced` by `Connection: close` in the last response. */
  | { readonly type: "limit"; readonly count: number; readonly announced: boolean };

/** What becomes of a connection that never sends a request. */
export type SilentConnection =
  | {
      readonly type: "closed";
      readonly afterMs: number;
      readonly by: Close["by"];
      readonly with408: boolean;
    }
  | { readonly type: "open"; readonly afterMs: number };

/** Everything that a probe has measured. */
export interface ProbeReport {
  readonly url: string;
  readonly address: string | null;
  readonly server: string | null;
  readonly status: number;
  readonly httpVersion: string;
  /** How a connection ends after each response; null where it does not. */
  readonly closesAfterResponse: "announced" | "unannounced" | null;
  /** Null where connections are closed after each response. */
  readonly idle: IdleLimit | null;
  readonly keepAliveHint: KeepAliveHint | null;
  readonly requestsPerConnection: RequestLimit;
  readonly silentConnection: SilentConnection;
  /** Null over plain HTTP. */
  readonly http2: Http2Facts | null;
  readonly settings: ProbeSettings;
  readonly used: { readonly connections: number; readonly requests: number; readonly ms: number };
}
