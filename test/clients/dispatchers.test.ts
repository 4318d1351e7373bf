import { isReissueError } from "@reissue/core";
import { manualClock, type FaultyUpstream } from "@reissue/testing";
import type { Upstream } from "@reissue/upstream";
import { describe, expect, onTestFinished, test } from "vitest";

import { lost, orderServer, sends } from "../support/clients/order-server.ts";
import { lines } from "../support/clients/page-client.ts";
import { rows, run } from "../support/clients/page-code.ts";
import {
  importing,
  nodeVersion,
  undiciOf,
  undiciVersions,
  type UndiciVersion,
} from "../support/clients/undici-versions.ts";
import { client } from "../support/upstream/client.ts";

const table = rows("docs/clients.md", "| `UpstreamError` under");

/** What calls: the line of a section, with the fetch that it finds and the undici that it imports. */
interface Caller {
  readonly name: string;
  readonly section: "fetch" | "undici's request";
  readonly version: UndiciVersion;
  readonly fetch: typeof globalThis.fetch;
}

const callers: Caller[] = [
  { name: "built-in fetch", section: "fetch", version: "undici 7", fetch: globalThis.fetch },
];
for (const version of undiciVersions) {
  const fetch = (await undiciOf(version)).fetch as unknown as typeof globalThis.fetch;
  callers.push(
    { name: `fetch of ${version}`, section: "fetch", version, fetch },
    { name: `request of ${version}`, section: "undici's request", version, fetch },
  );
}

/** Runs the line of the page; `upstream` is null for one without a dispatcher. */
async function send(
  { section, version, fetch }: Caller,
  { origin }: FaultyUpstream,
  upstream: Upstream | null,
  init: object = {},
): Promise<unknown> {
  const own = "dispatcher: upstream.dispatcher";
  const code = importing(lines.get(section)![0]!, version)
    .replace("http://orders:3000", origin)
    .replace(own, upstream === null ? "...init" : `${own}, ...init`);
  const { response, body } = await run(code, { upstream, fetch, init });
  return (response ?? body).json();
}

describe.each(callers)("$name, as docs/clients.md has it", (caller) => {
  test("reads the response to a GET that is lost on a reused connection and sent twice", async () => {
    const server = await orderServer();
    const upstream = client({ clock: manualClock() });
    server.script([null, lost]);
    await send(caller, server, upstream);
    expect(await send(caller, server, upstream)).toEqual({ id: 42 });
    expect(sends(server)).toEqual(["GET", "GET lost", "GET"]);
  });

  test("sends a POST with a key twice, and a plain one once", async () => {
    const server = await orderServer();
    const clock = manualClock();
    const upstream = client({ clock });
    const post = { method: "POST", body: "an order" };
    server.script([null, lost]);
    await send(caller, server, upstream);
    const headers = { "idempotency-key": "a-key" };
    expect(await send(caller, server, upstream, { ...post, headers })).toEqual({ id: 42 });
    expect(sends(server)).toEqual(["GET", "POST lost", "POST"]);

    server.script([lost]);
    await clock.advance(5);
    const error = await send(caller, server, upstream, post).catch((thrown: Error) => thrown);
    expect(sends(server)).toEqual(["GET", "POST lost", "POST", "POST lost"]);
    const place = table.get(caller.section)![0];
    expect(place).toBe(isReissueError(error) ? "`error`" : "`error.cause`");
    const own = isReissueError(error) ? error : (error as Error).cause;
    expect(own).toMatchObject({ reason: "not-retry-safe" });
  });

  test("ends with its signal", async () => {
    const server = await orderServer([{ fault: "hang" }]);
    const controller = new AbortController();
    const ended = send(caller, server, client(), { signal: controller.signal });
    ended.catch(() => {});
    await server.until(({ heads }) => heads === 1);
    controller.abort();
    await expect(ended).rejects.toThrow(/abort/i);
    await server.until(({ open }) => open === 0);
  });
});

describe.each(undiciVersions)("setGlobalDispatcher of %s", (version) => {
  /** What docs/clients.md says it does not reach. */
  const isBeyond = (caller: Caller): boolean =>
    version === "undici 6" &&
    (caller.name === "built-in fetch" ? nodeVersion >= 26 : caller.version === "undici 8");

  test.each(callers)("reaches $name, as docs/clients.md says", async (caller) => {
    const { getGlobalDispatcher, setGlobalDispatcher } = await undiciOf(version);
    const before = getGlobalDispatcher();
    onTestFinished(() => setGlobalDispatcher(before));
    const server = await orderServer();
    const upstream = client({ clock: manualClock() });
    await run(importing(lines.get("A whole process")![0]!, version), { upstream });
    server.script([null, lost]);
    await send(caller, server, null);
    const sent = send(caller, server, null);
    if (isBeyond(caller)) await expect(sent).rejects.toThrow();
    else expect(await sent).toEqual({ id: 42 });
  });
});
