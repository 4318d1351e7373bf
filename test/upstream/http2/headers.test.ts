import type { IncomingHttpHeaders } from "node:http2";

import { FormData } from "undici";
import { expect, test } from "vitest";

import { certificate } from "../../support/upstream/servers/certificate.ts";
import { h2Server, ok } from "../../support/upstream/servers/h2-server.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";
import { tlsServer } from "../../support/upstream/servers/tls-server.ts";

const own = certificate();
const h2 = { allowH2: true, tls: { ca: own.cert }, retry: { totalTimeoutMs: 2000 } };

async function* streamed(): AsyncGenerator<string> {
  yield "a";
}

// Each of them is one that Node throws at where nobody could catch it.
test.each<[string, Record<string, string>]>([
  ["proxy-connection", { "Proxy-Connection": "keep-alive" }],
  ["http2-settings", { "http2-settings": "AAMAAABk" }],
  ["te", { TE: "gzip" }],
])("%s belongs to one connection and is not passed on over HTTP/2", async (name, headers) => {
  const seen: IncomingHttpHeaders[] = [];
  const server = await h2Server(own, ok, (received) => seen.push(received));
  const upstream = outbound(h2);
  const given = { ...headers, "X-Kept": "kept" };
  for (const body of [null, "a", streamed()]) {
    await upstream.request(server.origin, { method: "PUT", headers: given, body });
    await upstream.request(server.origin, { method: "PUT", headers: given, body: streamed() });
  }
  await upstream(server.origin, { headers: given });
  expect(seen).toHaveLength(7);
  for (const received of seen) expect(received).toMatchObject({ "x-kept": "kept" });
  expect(seen.filter((received) => name in received)).toEqual([]);
});

test("the header te: trailers is sent", async () => {
  const seen: IncomingHttpHeaders[] = [];
  const server = await h2Server(own, ok, (received) => seen.push(received));
  await outbound(h2).request(server.origin, { headers: { te: "trailers" } });
  expect(seen[0]?.["te"]).toBe("trailers");
});

test("a header that is given twice, in different case, fails only its own call", async () => {
  const server = await h2Server(own, ok);
  const upstream = outbound(h2);
  const headers = ["User-Agent", "one", "user-agent", "two"];
  await upstream.request(server.origin, { headers }).catch(() => {});
  const form = new FormData();
  form.append("amount", "42");
  const type = { "Content-Type": "multipart/form-data" };
  await upstream.request(server.origin, { method: "POST", headers: type, body: form });
  expect(server.heads).toContain("POST");
});

test("headers of a connection are not sent over HTTP/1.1 either if HTTP/2 was offered", async () => {
  const seen: unknown[] = [];
  const server = await tlsServer(own, (request, response) => {
    seen.push(request.headers["te"], request.headers["x-kept"]);
    response.end("ok");
  });
  await outbound(h2).request(server.origin, { headers: { te: "gzip", "X-Kept": "kept" } });
  expect(seen).toEqual([undefined, "kept"]);
});
