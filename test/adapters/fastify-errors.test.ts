import { reissue, type ReissueOptions } from "@reissue/fastify";
import { memoryStore } from "@reissue/server";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import createError from "http-errors";
import { describe, expect, onTestFinished, test } from "vitest";

const refused = Object.assign(new Error("connect ECONNREFUSED"), {
  code: "ECONNREFUSED",
  syscall: "connect",
});

async function fail(): Promise<never> {
  throw refused;
}

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

function opened(): FastifyInstance {
  const app = fastify();
  onTestFinished(() => app.close());
  return app;
}

async function answerTo(
  app: FastifyInstance,
  url: string,
  method: "GET" | "POST" = "GET",
): Promise<unknown[]> {
  const { statusCode, headers } = await app.inject({ method, url });
  return [statusCode, headers["x-should-retry"]];
}

describe("an error in a hook that was added before the plugin", () => {
  /** What the application's error handler is given. */
  const seen: unknown[] = [];

  async function service(onRequest: Hook, options: ReissueOptions = {}): Promise<FastifyInstance> {
    const app = opened();
    seen.length = 0;
    app.setErrorHandler((error, _request, reply) => {
      seen.push(error);
      return reply.send(error);
    });
    app.addHook("onRequest", onRequest);
    await app.register(reissue, options);
    app.all("/", async () => "never");
    const config = { reissue: { retryOn: ["ECONNRESET"] as const } };
    app.post("/opted-in", { config }, async () => "never");
    return app;
  }

  test("is the application's own answer", async () => {
    const own = createError(401, "Who are you?", { headers: { "www-authenticate": "Bearer" } });
    const idempotency = { store: memoryStore(), scope: "shared" } as const;
    const app = await service(() => Promise.reject(own), { idempotency, problemDetails: true });
    for (const url of ["/", "/opted-in"]) {
      const headers = { "idempotency-key": "k" };
      const answer = await app.inject({ method: "POST", url, headers });
      expect([answer.statusCode, answer.json()]).toMatchObject([401, { message: "Who are you?" }]);
      expect(answer.headers["www-authenticate"]).toBe("Bearer");
    }
    expect(seen).toEqual([own, own]);
  });

  test("is translated where it is an upstream's failure, as the route says", async () => {
    const app = await service(fail);
    expect(await answerTo(app, "/")).toEqual([502, "true"]);
    expect(await answerTo(app, "/", "POST")).toEqual([500, "false"]);
    expect(await answerTo(app, "/opted-in", "POST")).toEqual([502, "true"]);
  });

  test("says so where the hook asked for request.upstream", async () => {
    const app = await service(async (request) => void request.upstream);
    const answer = await app.inject("/");
    const message = "request.upstream is there from the onRequest hook on";
    expect([answer.statusCode, answer.json()]).toMatchObject([500, { message }]);
  });
});
