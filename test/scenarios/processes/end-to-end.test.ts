import { pathToFileURL } from "node:url";

import { headerValue, type FaultRule, type FaultyUpstreamOptions } from "@reissue/testing";
import type { Upstream } from "@reissue/upstream";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { absent } from "../../support/missing-program.ts";
import { startHaproxy, startNginx } from "../balancers/balancer.ts";
import { opened } from "../../testing/opened.ts";
import { isFullRun, times } from "../../support/test-size.ts";
import { freePort } from "../../support/free-port.ts";
import { snippets } from "../../repository/readme/markdown.ts";
import { Project, untilAnswered } from "../../repository/readme/project.ts";
import { postgres } from "./backends.ts";

const [service = "", client = ""] = snippets("docs/recipes/idempotency.md");

/** How many orders meet each fault, and how many of them are under way at a time. */
const orders = times(20, 40);
const atOnce = 10;

/** Every fault that an upstream can have, before it has processed a request and after: one request in ten, or so many. */
const faults: readonly FaultRule[] = [
  ...(["reset", "end", "garbage", "hang"] as const).flatMap((fault) => [
    { fault, when: "before-processing" as const },
    { fault, when: "after-processing" as const },
  ]),
  ...(["cut-headers", "cut-body", "cut-chunked"] as const).flatMap((fault) => [
    { fault, with: "rst" as const },
    { fault, with: "fin" as const },
  ]),
  { fault: "status", status: 503 },
  { fault: "status", status: 503, times: 3 * atOnce },
  { fault: "status", status: 502, when: "after-processing" },
  { fault: "slow", everyMs: 2 },
  { fault: "answer-then-close" },
  { fault: "kill-idle" },
  { fault: "restart", downMs: 50, times: 2 },
  { fault: "restart", downMs: 50, times: 2, when: "after-processing" },
];

/** Faults that are met behind a load balancer: all in the long form, each pair behind one of the two in the short one. */
function faultsBehind(balancer: "nginx" | "haproxy"): readonly FaultRule[] {
  const turn = balancer === "nginx" ? 0 : 1;
  return faults.filter((_fault, index) => isFullRun || Math.floor(index / 2) % 2 === turn);
}

/** What is put into the recipe's service beside addresses: a store for several processes, and a fifth of its waits. */
const changes = (url: string): readonly [text: string, replacement: string][] => [
  ["memoryStore()", `postgresStore({ pool: new pg.Pool({ connectionString: "${url}" }) })`],
  ["waitMs: 5_000", "waitMs: 1_000, leaseMs: 6_000"],
  [
    "attemptTimeoutMs: 5_000, totalTimeoutMs: 10_000",
    "attemptTimeoutMs: 1_000, totalTimeoutMs: 2_000",
  ],
];

let project: Project;
beforeAll(async () => (project = await Project.open("express", "pg")));
afterAll(() => project.remove());

/** Code of the recipe with other text in some places, each of which must be there. */
function changed(code: string, ...places: readonly (readonly [string, string])[]): string {
  return places.reduce((text, [from, to]) => {
    expect(text).toContain(from);
    return text.replaceAll(from, to);
  }, code);
}

/** Starts an instance of the recipe's service on a port. @returns what kills it. */
async function instance(port: number, url: string, payments: string): Promise<() => void> {
  const code = changed(
    service,
    ...changes(url),
    ["8080", String(port)],
    ["http://payments:3000", payments],
  );
  const child = await project.start(
    `import { postgresStore } from "@reissue/store-postgres";\nimport pg from "pg";\n${code}`,
  );
  await untilAnswered(`http://127.0.0.1:${port}/`);
  return () => void child.kill("SIGKILL");
}

/** The recipe's client, with its service behind a balancer. */
async function ordering(
  origin: string,
): Promise<(key: string, amount: number) => Promise<Response>> {
  const code = changed(client, ["http://orders:3000", origin]);
  const file = await project.write(`${code}\nexport { upstream };`);
  const { order, upstream } = (await import(pathToFileURL(file).href)) as {
    order: (key: string, amount: number) => Promise<Response>;
    upstream: Upstream;
  };
  onTestFinished(() => upstream.dispatcher.destroy());
  return order;
}

/** Gives a key the same response every time: a charge is its key, whose quotes make it JSON. */
const respond: FaultyUpstreamOptions["respond"] = ({ headers }) => ({
  body: headerValue(headers, "idempotency-key") ?? "",
});

describe.skipIf(absent("nginx") || absent("haproxy")).each([
  ["nginx", startNginx],
  ["haproxy", startHaproxy],
] as const)("the recipe behind %s", (behind, start) => {
  test("makes and charges every order once, whatever is lost", async () => {
    const { url, query } = await postgres();
    const payments = await opened({ honourKeys: true, respond });
    const ports = [await freePort(), await freePort()] as const;
    const [kill] = await Promise.all(ports.map((port) => instance(port, url, payments.origin)));
    const order = await ordering((await start(ports)).origin);
    const charges = new Set<string>();

    const under = async (fault: FaultRule): Promise<void> => {
      payments.setFaults([fault]);
      const [before, name] = [charges.size, JSON.stringify(fault)];
      let made = 0;
      const customer = async (): Promise<void> => {
        while (made < orders) {
          const answer = await order(crypto.randomUUID(), (made += 1));
          const body = await answer.text();
          expect([answer.status, body], name).toEqual([
            201,
            expect.stringMatching(/^{"charge":"[^"]+"}$/),
          ]);
          charges.add(body);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, customer));
      expect([charges.size, payments.processedCount], name).toEqual(
        new Array(2).fill(before + orders),
      );
    };
    for (const fault of faultsBehind(behind)) {
      await under({ ...fault, probability: fault.times === undefined ? 0.1 : 1 });
    }
    const struck = payments.requests.filter(({ fault }) => fault !== null);
    expect(struck.length).toBeGreaterThan(charges.size / 20);

    // What an instance has under way when it is killed is left to its lease.
    const hung = (): number => payments.stats().faults.hang ?? 0;
    const hungBefore = hung();
    const killed = under({ fault: "hang", when: "after-processing", times: atOnce - 2 });
    await payments.until(() => hung() === hungBefore + atOnce - 2, 10_000);
    kill?.();
    await instance(ports[0], url, payments.origin);
    await killed;
    expect(await query("SELECT FROM reissue_idempotency WHERE fence > 1")).not.toEqual([]);
  }, 180_000);
});
