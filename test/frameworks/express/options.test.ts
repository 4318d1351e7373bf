import { ClosedError, OptionError } from "@reissue/core";
import { reissue } from "@reissue/express";
import { createUpstream, type BoundUpstream } from "@reissue/upstream";
import { expect, test, vi } from "vitest";

import { opened } from "../../testing/opened.ts";

test.each([
  [{ upsteam: {} }, "options.upsteam"],
  [[], "options"],
  [null, "options"],
  [{ upstream: { idleMs: "4 s" } }, "upstream.idleMs"],
  [{ upstream: { retries: 3 } }, "upstream.retries"],
  [{ upstream: { retry: { attempts: 3 } } }, "upstream.retry.attempts"],
  [{ upstream: { origins: { orders: {} } } }, 'upstream.origins["orders"]'],
  [{ upstream: () => {} }, "upstream"],
  [{ upstream: fetch }, "upstream"],
  [{ upstream: "http://orders:3000" }, "upstream"],
])("%o is refused at %s", (options, path) => {
  const construct = (): unknown => reissue(options as never);
  expect(construct).toThrow(OptionError);
  expect(construct).toThrow(expect.objectContaining({ path, code: "ERR_REISSUE_OPTION" }));
});

test("an unknown option of the client is reported with the probable one", () => {
  expect(() => reissue({ upstream: { retries: 3 } as never })).toThrow(
    "upstream.retries is not an option; did you mean upstream.retry?",
  );
});

test("all options may be omitted or undefined", () => {
  expect(reissue).not.toThrow();
  expect(() => reissue({ upstream: undefined })).not.toThrow();
});

test("the gate closes a client that it has opened", async () => {
  const orders = await opened();
  const gate = reissue({ upstream: {}, validate: false });
  const { upstream } = gated(gate);
  await (await upstream(orders.origin)).text();
  await gate.close();
  await expect(upstream(orders.origin)).rejects.toThrow(ClosedError);
  await expect.poll(() => orders.open, { timeout: 10_000 }).toBe(0);
});

test("the gate closes a client that was never used", async () => {
  const gate = reissue({ validate: false });
  await gate.close();
  await expect(gated(gate).upstream("http://127.0.0.1:19999")).rejects.toThrow(ClosedError);
});

test("the gate leaves a given client open", async () => {
  const upstream = createUpstream();
  const close = vi.spyOn(upstream, "close");
  await reissue({ upstream }).close();
  expect(close).not.toHaveBeenCalled();
});

/** A request that has been through the gate. */
function gated(gate: ReturnType<typeof reissue>): { readonly upstream: BoundUpstream } {
  const req = {};
  const res = { once: () => {} };
  gate(req as never, res as never, () => {});
  return req as { readonly upstream: BoundUpstream };
}
