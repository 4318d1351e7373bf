import type { IncomingMessage, ServerResponse } from "node:http";

import { checkKeys, describe, OptionError } from "@reissue/core";
import {
  createUpstream,
  type BoundUpstream,
  type Upstream,
  type UpstreamOptions,
} from "@reissue/upstream";

import { errorTranslator, type ErrorTranslator, type Next } from "./error-translator.ts";
import { UpstreamProperty } from "./inbound-request.ts";

declare global {
  namespace Express {
    interface Request {
      /** The outbound client, bound to this request: its safe calls end when the inbound client leaves. */
      readonly upstream: BoundUpstream;
    }
  }
}

/** Options of {@link reissue}. */
export interface ReissueOptions {
  /**
   * The client behind `req.upstream`: one that is open, which stays yours to close, or options for one of the gate's.
   *
   * @defaultValue a client with every default, opened at the first `req.upstream`
   */
  readonly upstream?: Upstream | UpstreamOptions | undefined;
}

/** The middleware, and what belongs to it. Its types are structural, so that Express 4 and 5 both take it. */
export interface Gate {
  (req: IncomingMessage, res: ServerResponse, next: Next): void;
  /** The error-handling middleware; mount it after the routes and before error handlers of your own. */
  errors(): ErrorTranslator;
  /** Closes the client that the gate opened, once its calls have ended; one that it was given stays open. */
  close(): Promise<void>;
}

/**
 * Puts `req.upstream` on every request, and answers its failures with 502, 503 or 504 only where a replay is safe.
 *
 * @example
 * ```js
 * const gate = reissue({ upstream: { origins: { "http://orders:3000": { connections: 64 } } } });
 * app.use(gate);
 * app.get("/orders/:id", async (req, res) => {
 *   const order = await req.upstream(`http://orders:3000/orders/${req.params.id}`);
 *   res.json(await order.json());
 * });
 * app.use(gate.errors());
 * ```
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function reissue(options: ReissueOptions = {}): Gate {
  checkKeys(options, "options", ["upstream"]);
  const { upstream: given } = options;
  if (isUpstream(given)) return gate(() => given, leaveOpen);
  if (typeof given === "function") {
    throw new OptionError("upstream", `must be an upstream or its options, got ${describe(given)}`);
  }
  let own = given === undefined ? undefined : createUpstream(given);
  const open = (): Upstream => (own ??= createUpstream());
  // One that was never opened is opened to be closed, so that calls after the close are refused all the same.
  return gate(open, () => open().close());
}

function gate(upstream: () => Upstream, close: () => Promise<void>): Gate {
  const property = new UpstreamProperty(upstream);
  return Object.assign(
    function reissue(req: IncomingMessage, res: ServerResponse, next: Next): void {
      property.define(req, res);
      next();
    },
    { errors: errorTranslator, close },
  );
}

/** Whoever opened it closes it. */
async function leaveOpen(): Promise<void> {}

function isUpstream(value: ReissueOptions["upstream"]): value is Upstream {
  return typeof value === "function" && "dispatcher" in value;
}
