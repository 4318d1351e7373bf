import { setMaxListeners } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";

import type { BoundUpstream, Upstream } from "@reissue/upstream";

const response = Symbol("reissue.response");

/** A request that has been through a gate. */
interface InboundRequest extends IncomingMessage {
  [response]: ServerResponse;
}

/** The `upstream` that one gate gives to requests: bound when it is first asked for, so that others do not pay. */
export class UpstreamProperty {
  // One for all requests: a getter of its own would cost each some 10 µs, since it gets a hidden class of its own.
  readonly #lazy: PropertyDescriptor;

  constructor(upstream: () => Upstream) {
    this.#lazy = {
      configurable: true,
      get(this: InboundRequest): BoundUpstream {
        const value = upstream().bind({ signal: departure(this[response]) });
        Object.defineProperty(this, "upstream", { configurable: true, value });
        return value;
      },
    };
  }

  /** Gives it to a request. */
  define(req: IncomingMessage, res: ServerResponse): void {
    (req as InboundRequest)[response] = res;
    Object.defineProperty(req, "upstream", this.#lazy);
  }
}

/** Aborts when the inbound client leaves before it has been given its whole response. */
function departure(res: ServerResponse): AbortSignal {
  const controller = new AbortController();
  // Every safe call under way listens; Node warns of a leak at the eleventh.
  setMaxListeners(0, controller.signal);
  const onClose = (): void => {
    if (!res.writableFinished) controller.abort();
  };
  if (res.destroyed) onClose();
  else res.once("close", onClose);
  return controller.signal;
}
