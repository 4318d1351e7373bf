import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { OptionError, UpstreamError } from "@reissue/upstream";
import { describe, expect, onTestFinished, test } from "vitest";

import { got } from "../../support/upstream/requests.ts";
import { certificate } from "../../support/upstream/servers/certificate.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";
import { tlsServer } from "../../support/upstream/servers/tls-server.ts";

const echoHost: RequestListener = (request, response) => void response.end(request.headers.host);

/** Serves on a Unix socket in a folder of its own. */
async function unixServer(): Promise<{ path: string; close: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "reissue-"));
  const path = join(folder, "orders.sock");
  const server = createServer(echoHost);
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(async () => {
    await close();
    rmSync(folder, { recursive: true });
  });
  return { path, close };
}

describe("connectTo", () => {
  test("connects to a Unix socket", async () => {
    const { path } = await unixServer();
    const upstream = outbound({ origins: { "http://orders:3000": { connectTo: path } } });
    expect(await got(upstream, "http://orders:3000")).toBe("orders:3000");
    expect(await (await upstream("http://orders:3000/x")).text()).toBe("orders:3000");
    expect(upstream.stats().origins["http://orders:3000"]).toMatchObject({
      requests: 2,
      connections: { idle: 1, busy: 0 },
    });
  });

  test("leads to an unsent request with the name of the origin if its socket is missing", async () => {
    const { path, close } = await unixServer();
    await close();
    const retry = { unsentWindowMs: 100 };
    const upstream = outbound({ retry, origins: { "http://orders:3000": { connectTo: path } } });
    const error = await got(upstream, "http://orders:3000").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UpstreamError);
    expect(error).toMatchObject({ delivery: "unsent", origin: "http://orders:3000" });
  });

  describe("over TLS", () => {
    const own = certificate("DNS:orders.example");

    test("verifies the certificate of the origin's name", async () => {
      const server = await tlsServer(own, echoHost);
      const connectTo = new URL(server.origin).host;
      const tls = { ca: own.cert };
      const upstream = outbound({ tls, origins: { "https://orders.example": { connectTo } } });
      expect(await got(upstream, "https://orders.example")).toBe("orders.example");
      const other = outbound({ tls, origins: { "https://other.example": { connectTo } } });
      await expect(got(other, "https://other.example")).rejects.toMatchObject({
        cause: { code: "ERR_TLS_CERT_ALTNAME_INVALID" },
      });
    });

    test("verifies the address of the origin instead of the one that is connected to", async () => {
      const loopback = certificate("IP:127.0.0.1");
      const server = await tlsServer(loopback, echoHost);
      const connectTo = `127.0.0.1:${new URL(server.origin).port}`;
      const tls = { ca: loopback.cert };
      const upstream = outbound({
        tls,
        origins: { "https://127.0.0.2": { connectTo }, "https://127.0.0.1": { connectTo } },
      });
      expect(await got(upstream, "https://127.0.0.1")).toBe("127.0.0.1");
      await expect(got(upstream, "https://127.0.0.2")).rejects.toMatchObject({
        cause: { code: "ERR_TLS_CERT_ALTNAME_INVALID" },
      });
    });
  });

  test.each(["orders", "orders:0", "orders:99999", ":80", "http://orders:80", "a b:1", 80, null])(
    "refuses the value %j",
    (connectTo) => {
      const options = { origins: { "http://orders:3000": { connectTo: connectTo as string } } };
      expect(() => outbound(options)).toThrow(OptionError);
      expect(() => outbound(options)).toThrow('origins["http://orders:3000"].connectTo');
    },
  );
});
