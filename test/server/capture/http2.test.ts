import { once } from "node:events";
import {
  connect,
  constants,
  createServer,
  type ClientHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

import { memoryStore } from "@reissue/core";
import { reissue as fastifyPlugin } from "@reissue/fastify";
import { reissue as koaGate } from "@reissue/koa";
import { handler } from "@reissue/server";
import fastify from "fastify";
import Koa from "koa";
import { describe, expect, onTestFinished, test } from "vitest";

import type { Call } from "../../support/frameworks/frameworks.ts";

/** Gives the body of the answer; null where it has written on the response itself. */
type Run = (call: Pick<Call, "request" | "response">, number: number) => unknown;

/** Starts a service over HTTP/2 without TLS. */
type Start = (run: Run) => Promise<string>;

const idempotency = { scope: "shared", methods: ["POST", "HEAD"] } as const;
const claiming = () => ({ idempotency: { store: memoryStore(), ...idempotency } });

const services: readonly (readonly [string, Start])[] = [
  [
    "Koa",
    (run) => {
      let runs = 0;
      const app = new Koa();
      app.silent = true;
      app.use(koaGate(claiming()));
      app.use(async (ctx) => {
        const body = await run({ request: ctx.req, response: ctx.res }, (runs += 1));
        if (body === null) ctx.respond = false;
        else ctx.body = body;
      });
      return listening(app.callback());
    },
  ],
  [
    "node:http2",
    (run) => {
      let runs = 0;
      const listener = handler(
        async (request, response) => {
          const body = await run({ request, response }, (runs += 1));
          if (body instanceof Readable) body.pipe(response);
          else if (body !== null) response.end(body);
        },
        { upstream: { bind: () => null }, onError: () => {}, ...claiming() },
      );
      return listening(listener);
    },
  ],
  [
    "Fastify",
    async (run) => {
      let runs = 0;
      const app = fastify({ http2: true });
      await app.register(fastifyPlugin, claiming());
      app.removeAllContentTypeParsers();
      app.addContentTypeParser("*", (_request, _payload, done) => done(null));
      app.all("/", async (request, reply) => {
        const call = { request: request.raw, response: reply.raw };
        const body = await run(call as unknown as Call, (runs += 1));
        return body === null ? reply.hijack() : body;
      });
      onTestFinished(() => app.close());
      return app.listen({ port: 0, host: "127.0.0.1" });
    },
  ],
];

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener as never).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function opened(origin: string): ClientHttp2Session {
  const session = connect(origin).on("error", () => {});
  onTestFinished(() => session.destroy());
  return session;
}

interface Answer {
  readonly status: unknown;
  readonly replayed: unknown;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Sends a request with a key, its body in pieces and of no declared length. */
function send(session: ClientHttp2Session, body: string | null = "pay", method = "POST") {
  const stream = session.request({
    ":method": method,
    ":path": "/",
    "idempotency-key": "k",
    "content-type": "text/plain",
  });
  stream.on("error", () => {});
  if (body === null) return stream.end();
  stream.write(body.slice(0, 2));
  return stream.end(body.slice(2));
}

async function ask(
  session: ClientHttp2Session,
  body?: string | null,
  method?: string,
): Promise<Answer> {
  const stream = send(session, body, method);
  const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
  const answered = await text(stream);
  const replayed = headers["idempotent-replayed"] === "true";
  return { status: headers[":status"], replayed, body: answered, headers };
}

/** Asks again until the first request is not in progress any more. */
async function retry(session: ClientHttp2Session): Promise<Answer> {
  for (;;) {
    const answer = await ask(session);
    if (answer.headers["retry-after"] === undefined) return answer;
    // real time: polls until the key is no longer in flight
    await sleep(5);
  }
}

describe.each(services)("%s over HTTP/2", (_, start) => {
  test.each<[string, string, (call: Parameters<Run>[0], number: number) => unknown, string]>([
    ["a text", "POST", (_call, number) => `run ${number}`, "run 1"],
    ["a stream", "POST", () => Readable.from(["do", "ne"]), "done"],
    ["a large one", "POST", () => "x".repeat(300_000), "x".repeat(300_000)],
    ["nothing", "POST", ({ response }) => (response.writeHead(204).end(), null), ""],
    [
      "a head",
      "HEAD",
      ({ response }) => (response.writeHead(200, { etag: "b" }), response.end(), null),
      "",
    ],
    [
      "writes",
      "POST",
      ({ response }) => {
        response.writeHead(201, { "content-type": "text/x" }).write("a");
        response.end("b", () => {});
        return null;
      },
      "ab",
    ],
  ])(
    "the response is sent once, and sent again for a retry: %s",
    async (_name, method, run, body) => {
      let runs = 0;
      const session = opened(await start((call, number) => ((runs += 1), run(call, number))));
      const sent = method === "HEAD" ? null : "pay";
      const first = await ask(session, sent, method);
      expect([first.replayed, first.body]).toEqual([false, body]);
      const again = await ask(session, sent, method);
      expect([again.status, again.replayed, again.body]).toEqual([first.status, true, body]);
      expect(again.headers["content-type"]).toBe(first.headers["content-type"]);
      if (method === "POST") expect((await ask(session, "play")).status).toBe(422);
      expect(runs).toBe(1);
    },
  );

  test("a response that is sent on the stream itself is not kept, and ends the claim", async () => {
    const statuses = [503, 201];
    const session = opened(
      await start(({ response }) => {
        const { stream } = response as unknown as { readonly stream: ServerHttp2Stream };
        stream.respond({ ":status": statuses.shift() });
        stream.end("direct");
        return null;
      }),
    );
    expect((await ask(session)).status).toBe(503);
    expect((await retry(session)).status).toBe(201);
    const refused = await retry(session);
    expect([refused.status, refused.body]).toEqual([409, expect.stringContaining("201")]);
    expect(statuses).toEqual([]);
  });

  test("the handler gets a body of any size, and another body is a mismatch", async () => {
    const session = opened(
      await start(async ({ request }) => String((await buffer(request)).length)),
    );
    const long = "0123456789".repeat(20_000);
    expect((await ask(session, long)).body).toBe("200000");
    expect((await ask(session, long)).replayed).toBe(true);
    for (const other of [`${long.slice(1)}x`, long.slice(1), "", null]) {
      expect((await ask(session, other)).status).toBe(422);
    }
  });

  test("a failure frees the key, and a retry of a running request gets 409", async () => {
    const session = opened(
      await start(async ({ response }, number) => {
        if (number > 1) return "done";
        // real time: the second request must arrive meanwhile
        await sleep(50);
        response.statusCode = 500;
        response.end();
        return null;
      }),
    );
    const first = ask(session);
    // real time: the first request must have claimed the key
    await sleep(20);
    expect((await ask(session)).status).toBe(409);
    expect((await first).status).toBe(500);
    expect((await ask(session)).body).toBe("done");
  });

  test.each<[string, (session: ClientHttp2Session, stream: ReturnType<typeof send>) => void]>([
    ["with a reset", (_session, stream) => stream.close(constants.NGHTTP2_CANCEL)],
    ["with its connection", (session) => session.destroy()],
  ])("a client that disconnects (%s) before its response changes nothing", async (_name, leave) => {
    for (const how of ["text", "stream", "status", "writes"]) {
      let runs = 0;
      const origin = await start(async ({ request, response }) => {
        runs += 1;
        const { stream } = request as unknown as { stream: NodeJS.EventEmitter };
        await once(stream, "close");
        // real time: later than all other listeners for the close
        await sleep(5);
        if (how === "text") return "done";
        if (how === "stream") return Readable.from(["do", "ne"]);
        response.statusCode = how === "status" ? 402 : 200;
        if (how === "writes") response.write("do");
        response.end(how === "writes" ? "ne" : "done");
        return null;
      });
      const session = opened(origin);
      const stream = send(session);
      await expect.poll(() => runs, { interval: 5 }).toBe(1);
      leave(session, stream);
      const again = await retry(opened(origin));
      expect([again.status, again.replayed, again.body]).toEqual([
        how === "status" ? 402 : 200,
        true,
        "done",
      ]);
      expect(runs).toBe(1);
    }
  });

  test("a client that disconnects in the middle gets a 409, and the handler does not run again", async () => {
    let runs = 0;
    const origin = await start(({ response }) => {
      runs += 1;
      response.write("a part");
      return null;
    });
    const session = opened(origin);
    const stream = send(session);
    await once(stream, "data");
    stream.close(constants.NGHTTP2_CANCEL);
    const again = await retry(session);
    expect([again.status, again.replayed, runs]).toEqual([409, false, 1]);
  });

  test("a response that its handler has destroyed frees the key", async () => {
    const origin = await start(({ response }, number) => {
      if (number > 1) return "done";
      response.destroy();
      return null;
    });
    const session = opened(origin);
    await once(send(session), "close");
    expect((await ask(session)).body).toBe("done");
  });
});
