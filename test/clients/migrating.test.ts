import { readdirSync } from "node:fs";
import { join } from "node:path";

import { manualClock, type Fault, type FaultRule } from "@reissue/testing";
import { describe, expect, onTestFinished, test } from "vitest";

import { lost, orderServer } from "../support/clients/order-server.ts";
import {
  timed,
  migrations,
  withGlobalDispatcher,
  type Sending,
} from "../support/clients/migrations.ts";
import { rows, run, sections } from "../support/clients/page-code.ts";
import { root } from "../repository/readme/markdown.ts";

const get: Sending = { method: "GET", headers: {} };
const post: Sending = {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: "{}",
};
const keyed: Sending = { ...post, headers: { ...post.headers, "idempotency-key": "a-key" } };

/** A row of each page's table: what is sent, and what becomes of it. */
interface Case {
  readonly sending: Sending;
  /** Once, on a connection that has served. */
  readonly once?: Fault;
  /** Each time. */
  readonly always?: FaultRule;
}

const cases: readonly Case[] = [
  { sending: get, once: lost },
  { sending: post, once: lost },
  { sending: keyed, once: lost },
  { sending: get, always: lost },
  { sending: get, always: { fault: "status", status: 503, body: "{}" } },
  { sending: get, always: { fault: "status", status: 500, body: "{}" } },
];

/** What a page's table says of a case. */
async function cell(name: string, code: string, { sending, once, always }: Case): Promise<string> {
  const server = await orderServer();
  const given = { clock: manualClock() };
  const declared = await run(code.replaceAll("http://orders:3000", server.origin), given);
  const client = await migrations[name]!(declared, server.origin);
  onTestFinished(() => void client.close());
  if (once !== undefined) {
    await client.send(get);
    server.script([once]);
  } else server.setFaults([always!]);
  const before = server.requests.length;
  const failed = await client.send(sending).then(
    () => false,
    () => true,
  );
  const sent = server.requests.slice(before);
  if (once === undefined) return String(sent.length);
  if (failed) return `${sent.length}, fails`;
  const done = sent.filter(({ processed }) => processed).length;
  return sending === post && done > 1 ? `${sent.length}, done twice` : String(sent.length);
}

function column(name: string, code: string): Promise<string[]> {
  const own = timed[name]?.(code) ?? code;
  return withGlobalDispatcher(() => Promise.all(cases.map((each) => cell(name, own, each))));
}

test("every page of docs/migrating is tested", () => {
  const pages = readdirSync(join(root, "docs/migrating")).map((file) => file.replace(".md", ""));
  expect(pages.toSorted()).toEqual(Object.keys(migrations).toSorted());
});

describe.each(Object.keys(migrations))("docs/migrating/%s.md", (name) => {
  const page = `docs/migrating/${name}.md`;
  const [before = "", after = ""] = [...sections(page).values()][0]!;
  const stated = [...rows(page, "| before").values()];

  test("says how often its code sends before", async () => {
    expect(await column(name, before)).toEqual(stated.map(([cell]) => cell));
  });

  test("says how often its code sends after", async () => {
    expect(await column(name, after)).toEqual(stated.map(([, cell]) => cell));
  });
});
