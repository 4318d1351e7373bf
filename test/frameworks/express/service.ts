import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { reissue, type Gate } from "@reissue/express";
import { createUpstream, type UpstreamOptions } from "@reissue/upstream";
import express5, { type Express, type NextFunction, type Request, type Response } from "express";
import express4 from "express4";
import { onTestFinished } from "vitest";

/** Both majors under the types of 5; `types.test-d.ts` looks at those of 4. */
export const majors = [
  ["Express 5", express5],
  ["Express 4", express4 as unknown as typeof express5],
] as const;

type Handler = (req: Request, res: Response) => Promise<void>;

/** A service with a gate, whose routes a test adds; ended when the test is over. */
export class Service {
  readonly gate: Gate;
  readonly app: Express;
  /** What came out of the gate's translator, in order. */
  readonly errors: unknown[] = [];
  origin = "";

  constructor(express: typeof express5, upstream: UpstreamOptions = {}) {
    const opened = createUpstream(upstream);
    this.gate = reissue({ upstream: opened });
    this.app = express();
    this.app.use(this.gate);
    onTestFinished(() => opened.dispatcher.destroy());
  }

  /** Answers every method and path with `handler`, and listens. */
  async handle(handler: Handler): Promise<this> {
    // Express 4 does not look at what a handler returns.
    this.app.use((req, res, next) => void handler(req, res).catch(next));
    this.app.use(this.gate.errors());
    this.app.use((error: unknown, _req: Request, res: Response, next: NextFunction) => {
      this.errors.push(error);
      // As careless handlers do: half a response would look whole.
      if (res.headersSent) res.end();
      else next(error);
    });
    const server = createServer(this.app).listen(0, "127.0.0.1");
    onTestFinished(() => server.close().closeAllConnections());
    await once(server, "listening");
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return this;
  }
}

/** A promise and the function that resolves it. */
export function signal<Value = void>(): {
  readonly given: Promise<Value>;
  readonly give: (value: Value) => void;
} {
  let give!: (value: Value) => void;
  const given = new Promise<Value>((resolve) => {
    give = resolve;
  });
  return { given, give };
}
