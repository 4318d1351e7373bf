import { request as httpRequest } from "node:http";

import { classify } from "@reissue/core";
import { reissue } from "@reissue/express";
import { createUpstream, type BoundUpstream } from "@reissue/upstream";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { opened } from "../../testing/opened.ts";
import { majors, Service, signal } from "./service.ts";

describe.each(majors)("%s", (_, express) => {
  test("a request on a dead socket is sent again, unless it may have been processed", async () => {
    const orders = await opened();
    const lost = { fault: "reset", when: "after-processing" } as const;
    orders.script([null, lost, null, lost]);
    const service = await new Service(express).handle(async (req, res) => {
      const { method } = req;
      const answer = await req.upstream(orders.origin, {
        method,
        headers: { "x-request-id": req.path },
      });
      res.status(answer.status).send(await answer.text());
    });
    expect((await fetch(`${service.origin}/first`)).status).toBe(200);
    expect((await fetch(`${service.origin}/get`)).status).toBe(200);
    expect((await fetch(`${service.origin}/post`, { method: "POST" })).status).toBe(500);
    expect(orders.effects).toEqual(
      new Map([
        ["/first", 1],
        ["/get", 2],
        ["/post", 1],
      ]),
    );
  });

  test("a client that was used before its route is bound again with the options of the route", async () => {
    const orders = await opened({ faults: [{ fault: "reset", times: 1 }] });
    const service = new Service(express);
    service.app.use((req, _res, next) => {
      expect(req.upstream).toBeTypeOf("function");
      next();
    });
    service.app.use(service.gate.route({ retryOn: ["ECONNRESET"] }));
    await service.handle(async (req, res) => {
      const { status } = await req.upstream(orders.origin, { method: "POST" });
      res.sendStatus(status);
    });
    expect((await fetch(service.origin)).status).toBe(200);
  });

  test("the request() of undici is available too", async () => {
    const orders = await opened({ respond: { body: "fine" } });
    const service = await new Service(express).handle(async (req, res) => {
      const { statusCode, body } = await req.upstream.request(orders.origin);
      res.status(statusCode).send(await body.text());
    });
    expect(await (await fetch(service.origin)).text()).toBe("fine");
  });

  test("a request that does not use the client binds none, and one that does binds one", async () => {
    const upstream = createUpstream();
    const bind = vi.spyOn(upstream, "bind");
    const seen: BoundUpstream[] = [];
    const app = express().use(reissue({ upstream }));
    const inner = express().get("/asks", (req, res) => {
      seen.push(req.upstream, req.upstream);
      res.end();
    });
    app.use("/inner", inner).use((_req, res) => void res.end());
    app.use(reissue().errors());
    const server = app.listen(0);
    onTestFinished(() => server.close().closeAllConnections());
    const { port } = server.address() as { port: number };
    await fetch(`http://127.0.0.1:${port}/asks-nothing`);
    expect(bind).not.toHaveBeenCalled();
    await fetch(`http://127.0.0.1:${port}/inner/asks`);
    expect(bind).toHaveBeenCalledOnce();
    expect(seen[0]).toBe(seen[1]);
  });

  test("the gate nearest to the handler counts", async () => {
    const [far, near] = [createUpstream(), createUpstream()];
    const bind = { far: vi.spyOn(far, "bind"), near: vi.spyOn(near, "bind") };
    const app = express().use(reissue({ upstream: far }), reissue({ upstream: near }));
    app.use((req, res) => void res.end(typeof req.upstream));
    app.use(reissue().errors());
    const server = app.listen(0);
    onTestFinished(() => server.close().closeAllConnections());
    const { port } = server.address() as { port: number };
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe("function");
    expect(bind.near).toHaveBeenCalledOnce();
    expect(bind.far).not.toHaveBeenCalled();
  });

  test("a client that disconnects aborts its safe calls and lets the others end", async () => {
    const orders = await opened({ respond: { delayMs: 1000 } });
    const ended = signal<string[]>();
    const service = await new Service(express).handle(async (req) => {
      const call = (method: string): Promise<unknown> =>
        req.upstream(orders.origin, { method, headers: { "x-request-id": method } });
      const calls = [call("GET"), call("POST"), call("PUT")];
      ended.give((await Promise.allSettled(calls)).map(outcome));
    });
    const inbound = httpRequest(service.origin).on("error", () => {});
    inbound.end();
    await orders.until((stats) => stats.heads === 3, 10_000);
    inbound.destroy();
    expect(await ended.given).toEqual(["aborted", "answered", "answered"]);
  });

  test("a client that disconnects in the middle of a response ends it at the upstream", async () => {
    const orders = await opened({
      respond: { body: "x".repeat(100_000) },
      faults: [{ fault: "slow", chunkBytes: 100, everyMs: 20, from: "body" }],
    });
    const ended = signal<string>();
    const service = await new Service(express).handle(async (req, res) => {
      const { body } = await req.upstream.request(orders.origin);
      try {
        for await (const chunk of body) res.write(chunk);
      } catch (error) {
        ended.give(classify(error).kind);
      }
    });
    const inbound = httpRequest(service.origin).on("error", () => {});
    inbound.on("response", (answer) =>
      answer.on("error", () => {}).once("data", () => inbound.destroy()),
    );
    inbound.end();
    expect(await ended.given).toBe("aborted");
    await expect.poll(() => orders.open, { timeout: 10_000 }).toBe(0);
  });

  test("a call made after the client has disconnected is not sent, unless it is unsafe", async () => {
    const orders = await opened();
    const ended = signal<string[]>();
    const begun = signal();
    const service = await new Service(express).handle(async (req, res) => {
      begun.give();
      await new Promise((resolve) => res.once("close", resolve));
      const call = (method: string): Promise<unknown> => req.upstream(orders.origin, { method });
      ended.give((await Promise.allSettled([call("GET"), call("POST")])).map(outcome));
    });
    const inbound = httpRequest(service.origin).on("error", () => {});
    inbound.end();
    await begun.given;
    inbound.destroy();
    expect(await ended.given).toEqual(["aborted", "answered"]);
    expect(orders.received).toBe(1);
  });

  test("calls after the whole response was sent continue, with or without a client", async () => {
    const orders = await opened();
    const ended = signal<unknown>();
    const service = await new Service(express).handle(async (req, res) => {
      res.end("accepted");
      await new Promise((resolve) => res.once("close", resolve));
      ended.give((await req.upstream(orders.origin)).status);
    });
    await (await fetch(service.origin)).text();
    expect(await ended.given).toBe(200);
  });

  test("many calls for one request emit no leak warning", async () => {
    const orders = await opened();
    const warnings: unknown[] = [];
    const onWarning = (warning: unknown): void => void warnings.push(warning);
    process.on("warning", onWarning);
    onTestFinished(() => void process.off("warning", onWarning));
    const service = await new Service(express).handle(async (req, res) => {
      const calls = Array.from({ length: 40 }, () => req.upstream.request(orders.origin));
      const answers = await Promise.all(calls);
      await Promise.all(answers.map(({ body }) => body.dump()));
      res.end();
    });
    expect((await fetch(service.origin)).status).toBe(200);
    expect(warnings).toEqual([]);
  });
});

function outcome(settled: PromiseSettledResult<unknown>): string {
  return settled.status === "fulfilled" ? "answered" : classify(settled.reason).kind;
}
