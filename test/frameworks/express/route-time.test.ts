import { once } from "node:events";
import { connect, type Socket } from "node:net";

import { reissue, type Gate } from "@reissue/express";
import { manualClock } from "@reissue/testing";
import type { Express, NextFunction, Request, Response } from "express";
import { describe, expect, onTestFinished, test } from "vitest";

import { listening } from "../../support/listen.ts";
import { SkewedClock } from "../../support/clock/skewed-clock.ts";
import { majors, signal } from "./service.ts";

test.each(majors)(
  "%s: the time of a route counts from the arrival of its request",
  async (_, express) => {
    const clock = new SkewedClock();
    const gate = reissue({ clock });
    const app = express();
    app.use(gate);
    app.use((_req, _res, next) => {
      clock.skip(60_000);
      next();
    });
    // It never answers.
    app.get("/", gate.route({ timeoutMs: 60_000 }), () => {});
    const { status } = await fetch(await listening(app), { signal: AbortSignal.timeout(10_000) });
    expect(status).toBe(504);
  },
);

interface Ended {
  readonly socket: Socket;
  readonly text: string;
  /** Resolves when the service has closed the connection. */
  readonly closed: Promise<unknown>;
}

describe.each(majors)("%s: a time that is over before the whole body has come", (_, express) => {
  const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab";

  /** Sends half a body, and ends the time of the route; gives the connection once it has been responded to. */
  async function outOfTime(
    mount: (app: Express, gate: Gate) => void,
    options: { readonly problemDetails?: boolean } = {},
  ): Promise<Ended> {
    const clock = manualClock();
    const gate = reissue({ ...options, clock });
    const app = express().set("env", "test");
    const come = signal();
    app.post("/", gate, gate.route({ timeoutMs: 1000 }), () => come.give());
    mount(app, gate);
    const { port } = new URL(await listening(app));
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(head));
    onTestFinished(() => void socket.destroy());
    const got = { socket, text: "", closed: once(socket, "close") };
    socket.on("error", () => {}).on("data", (data) => (got.text += data.toString()));
    await come.given;
    await clock.advance(1000);
    await expect.poll(() => got.text, { interval: 5 }).toMatch(/\r\n\r\n./);
    return got;
  }

  /** Tells of each error, and lets what follows respond. */
  function noted(told: unknown[]) {
    return (error: unknown, _req: Request, _res: Response, next: NextFunction): void => {
      told.push(error);
      next(error);
    };
  }

  test("reaches later error middleware, and the handler of Express responds at once", async () => {
    const told: unknown[] = [];
    const { socket, text, closed } = await outOfTime((app, gate) => {
      app.use(gate.errors(), noted(told));
    });
    expect(text).toMatch(/^HTTP\/1\.1 500 [^]*x-should-retry: false/);
    expect(text).toMatch(/\r\nConnection: close\r\n/i);
    expect(told).toMatchObject([{ status: 500, cause: { name: "TimeoutError" } }]);
    // What responds a second time would end the process.
    socket.write("cd");
    await closed;
    expect(told).toHaveLength(1);
  });

  test("is responded to by the application, without a response of the gate", async () => {
    const { text } = await outOfTime((app) => {
      app.use((error: Error, _req: Request, res: Response, _next: NextFunction): void => {
        res.status(500).json({ own: error.message });
      });
    });
    expect(text).toMatch(/^HTTP\/1\.1 500 [^]*\{"own":/);
  });

  test("is reported where Reissue responds", async () => {
    const told: unknown[] = [];
    const { text } = await outOfTime((app, gate) => void app.use(gate.errors(), noted(told)), {
      problemDetails: true,
    });
    expect(text).toMatch(/^HTTP\/1\.1 500 [^]*application\/problem\+json/);
    expect(told).toHaveLength(1);
  });
});
