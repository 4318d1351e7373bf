import type { IncomingMessage } from "node:http";

import type { DynamicModule, ExecutionContext, INestApplication } from "@nestjs/common";
import { memoryStore } from "@reissue/server";
import { describe, expect, test } from "vitest";

import { snippets } from "../repository/readme/markdown.ts";
import { startApplication } from "./application.ts";
import { controller, module } from "./controller.ts";
import type { NestVersion, Platform } from "./versions.ts";

/** The accounts of tokens. */
const accounts = new Map([
  ["Bearer good", "7"],
  ["Bearer other", "8"],
]);
const accountOf = ({ headers }: Pick<IncomingMessage, "headers">): string | undefined =>
  accounts.get(headers.authorization ?? "");

const keyed = (authorization?: string) => ({
  headers: {
    "content-type": "application/json",
    "idempotency-key": "a",
    "x-account": "7",
    ...(authorization !== undefined && { authorization }),
  },
  body: "{}",
});

/** The requirements of replays to callers who may not have them. */
export function scopeCases(nest: NestVersion): void {
  const { Post, UnauthorizedException, UseGuards } = nest.common;
  const { Idempotent, ReissueModule } = nest.reissue;

  /** The module of the README, whose scope verifies the credential itself. */
  const verifying = (): DynamicModule => {
    const [code = ""] = snippets("packages/nest/README.md");
    const given = { accounts, memoryStore, ReissueModule, UnauthorizedException };
    // oxlint-disable-next-line typescript/no-implied-eval -- the README's code, with what it takes for granted.
    const run = new Function(
      ...Object.keys(given),
      `${code.replaceAll(/^import .*$/gm, "")}return gate;`,
    );
    return run(...Object.values(given)) as DynamicModule;
  };

  describe.each<Platform>(["express", "fastify"])("scopes on platform-%s", (platform) => {
    const start = (gate: DynamicModule, configure: (app: INestApplication) => void = () => {}) => {
      let runs = 0;
      const guard = {
        canActivate: (context: ExecutionContext) =>
          accountOf(context.switchToHttp().getRequest<IncomingMessage>()) !== undefined,
      };
      const pay = (): object => ({ runs: (runs += 1) });
      const Orders = controller(nest, pay, Post("pay"), Idempotent(), UseGuards(guard));
      return startApplication(nest, platform, module(nest, [Orders], [gate]), { configure });
    };

    describe("a scope that verifies the credential", () => {
      test.each([undefined, "", "Bearer bad", "Bearer"])(
        "refuses a replay to a request with the credential %j",
        async (credential) => {
          const { post } = await start(verifying());
          expect((await post("/pay", keyed("Bearer good"))).body).toEqual({ runs: 1 });
          const refused = await post("/pay", keyed(credential));
          expect([refused.status, refused.body]).toEqual([
            401,
            { statusCode: 401, message: "Unauthorized" },
          ]);
          expect(refused.headers.has("idempotent-replayed")).toBe(false);
          const replayed = await post("/pay", keyed("Bearer good"));
          expect([replayed.status, replayed.body]).toEqual([201, { runs: 1 }]);
          expect(replayed.headers.get("idempotent-replayed")).toBe("true");
        },
      );

      test("runs the handler for another caller with the same key", async () => {
        const { post } = await start(verifying());
        expect((await post("/pay", keyed("Bearer good"))).body).toEqual({ runs: 1 });
        expect((await post("/pay", keyed("Bearer other"))).body).toEqual({ runs: 2 });
      });
    });

    test("an async authentication in main.ts comes before a replay", async () => {
      const verified = new WeakMap<IncomingMessage, string>();
      const scope = (request: IncomingMessage & { readonly raw?: IncomingMessage }): string =>
        verified.get(request.raw ?? request) ?? "none";
      const { post } = await start(
        ReissueModule.forRoot({ idempotency: { store: memoryStore(), scope } }),
        (app) => {
          app.use(async (request: IncomingMessage, response: Response, next: () => void) => {
            const account = await Promise.resolve(accountOf(request));
            if (account === undefined) return response.writeHead(401).end();
            verified.set(request, account);
            next();
          });
        },
      );
      expect((await post("/pay", keyed("Bearer good"))).status).toBe(201);
      expect((await post("/pay", keyed("Bearer bad"))).status).toBe(401);
      const replayed = await post("/pay", keyed("Bearer good"));
      expect(replayed.headers.get("idempotent-replayed")).toBe("true");
    });
  });
}

interface Response {
  writeHead(status: number): { end(): void };
}
