import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { expect, onTestFinished, test } from "vitest";

import { freePort } from "../support/free-port.ts";
import { cli } from "./run-cli.ts";

test("the lab command serves the page of the laboratory until it is interrupted", async () => {
  const port = await freePort();
  const interrupt = new AbortController();
  const running = cli(["lab", "--port", String(port)], { signal: interrupt.signal });
  const url = `http://127.0.0.1:${port}/`;
  const page = (): Promise<string> => fetch(url).then((response) => response.text());
  await expect.poll(() => page().catch(() => ""), { timeout: 10_000 }).toContain("<title>");
  interrupt.abort(130);
  expect(await running).toMatchObject({ exitCode: 0, stdout: `${url}\n` });
  await expect(page()).rejects.toThrow();
});

test("a port in use is reported", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const { exitCode, stderr } = await cli(["lab", "--port", String(port)]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("cannot be listened on");
});
