import { channel, type Channel } from "node:diagnostics_channel";

/**
 * Message of `reissue:server`.
 *
 * - `drain-start`, `drain-end`: a drain has begun, or has ended.
 * - `idle-close`: a server has closed an idle connection at its own `keepAliveTimeout`, although `keepAlive` says that a
 *   load balancer is before it, which should have closed the connection first.
 */
export type ServerMessage =
  | { readonly event: "drain-start"; readonly server: object }
  | {
      readonly event: "drain-end";
      readonly server: object;
      readonly durationMs: number;
      /** Connections that were destroyed at the deadline. */
      readonly destroyed: number;
      /** Connections that could not be, and are still open. */
      readonly left: number;
    }
  | {
      readonly event: "idle-close";
      readonly server: object;
      /** Time for which the connection had been idle, in ms. */
      readonly idleMs: number;
    };

/** Channel `reissue:server`, with a {@link ServerMessage} each. */
export const serverChannel: Channel<unknown, ServerMessage> = channel("reissue:server") as Channel<
  unknown,
  ServerMessage
>;
