import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";

import { rawServer } from "../../support/upstream/servers/raw-server.ts";
import { certificate } from "../../support/upstream/servers/certificate.ts";
import { tlsServer } from "../../support/upstream/servers/tls-server.ts";
import { cli, json } from "../run-cli.ts";

const short = [
  "--max-idle",
  "600ms",
  "--max-requests",
  "3",
  "--connections",
  "3",
  "--timeout",
  "2s",
];
const own = certificate();

async function caFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "reissue-probe-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "ca.pem");
  await writeFile(file, own.cert);
  return file;
}

describe("a probe over TLS", () => {
  test("trusts a certificate with --ca or with --insecure", async () => {
    const { origin } = await tlsServer({ ...own, keepAliveTimeout: 300 }, (_request, response) => {
      response.end("ok");
    });
    const refused = await cli(["probe", origin, ...short]);
    expect(refused.exitCode).toBe(4);
    expect(refused.stderr).toContain("certificate rejected");
    expect(refused.stderr).toContain("--ca <file>");
    const trusts = [["--ca", await caFile()], ["--insecure"]];
    const runs = trusts.map((trust) => json(["probe", origin, ...short, ...trust]));
    for (const { exitCode, result } of await Promise.all(runs)) {
      expect([exitCode, result.http2]).toEqual([0, { offered: false }]);
    }
  });

  test("reports a port that speaks plain HTTP", async () => {
    const server = await rawServer((socket) => {
      socket.on("data", () => socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"));
    });
    const { exitCode, stderr } = await cli([
      "probe",
      server.origin.replace("http", "https"),
      ...short,
    ]);
    expect(exitCode).toBe(4);
    expect(stderr).toContain(`The port seems to speak plain HTTP: ${server.origin}`);
  });
});

describe("a probe over HTTP/2", () => {
  test.each([
    ["says GOAWAY before it closes", true],
    ["keeps its session", false],
  ])("is made of a server that chooses it by ALPN and %s", async (_name, goesAway) => {
    const server = createSecureServer({ ...own, allowHTTP1: true }, (_request, response) => {
      response.end("ok");
    });
    server.on("session", (session) => {
      session.on("error", () => {});
      if (goesAway) session.setTimeout(200, () => session.close());
    });
    server.listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { exitCode, result } = await json(["probe", origin, "--insecure", ...short]);
    expect(exitCode).toBe(0);
    expect(result.http2).toMatchObject({ offered: true, status: 200 });
    const { goaway } = result.http2;
    if (!goesAway) return expect(goaway).toBe(null);
    expect(goaway.code).toBe(0);
    expect(goaway.idleMs).toBeGreaterThan(100);
    expect(goaway.idleMs).toBeLessThan(1000);
  });
});
