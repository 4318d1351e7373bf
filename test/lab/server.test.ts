import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";

import { runLab } from "@reissue/lab";
import { describe, expect, test } from "vitest";

import { LabEvents } from "../support/lab/lab-events.ts";
import { openLab, order } from "../support/lab/open-lab.ts";

/** Pages that may watch at once. */
const maxPages = 16;

describe("the page", () => {
  test("is served with all its files, from the package alone, under a strict policy", async () => {
    const { url } = await openLab();
    const page = await fetch(url);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const html = await page.text();
    const links = [...html.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, path = ""]) => path);
    expect(links).toEqual(["/icon.svg", "/uplot.css", "/lab.css", "/page.js"]);
    const code = await (await fetch(`${url}page.js`)).text();
    const imports = [...code.matchAll(/^import .* from ["'](.+)["'];$/gm)].map(([, path]) => path);
    expect(imports).toEqual(["/uplot.js"]);
    for (const path of [...links, ...imports]) {
      const file = await fetch(new URL(path!, url));
      expect(file.status).toBe(200);
      expect(file.headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(file.headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  test.each([
    ["GET", "/../package.json", 404],
    ["GET", "/%2e%2e/package.json", 404],
    ["GET", "/..%2f..%2fpackage.json", 404],
    ["GET", "//etc/passwd", 404],
    ["GET", "/page/index.html", 404],
    ["GET", "/__proto__", 404],
    ["GET", "http://127.0.0.1/etc/passwd", 404],
    ["GET", "/start", 405],
    ["GET", "/?x=1", 200],
    ["HEAD", "/", 200],
    ["HEAD", "/events", 200],
  ])("the request %s %s gets the status %i", async (method, path, status) => {
    const { url } = await openLab();
    expect((await rawRequest(url, { method, path })).status).toBe(status);
  });
});

describe("another web page", () => {
  test.each([
    ["its own name that resolves to loopback", "GET", "/events", { host: "evil.example" }, 421],
    ["its script", "GET", "/events", { origin: "https://evil.example" }, 403],
    ["its image", "GET", "/events", { "sec-fetch-site": "cross-site" }, 403],
    ["its form", "POST", "/stop", { origin: "https://evil.example" }, 403],
    ["its sandboxed frame", "POST", "/start", { origin: "null" }, 403],
  ])("is refused: %s", async (_, method, path, headers, status) => {
    const { url } = await openLab();
    const response = await rawRequest(url, { method, path, headers, body: "{}" });
    expect(response.status).toBe(status);
    expect(response.headers["access-control-allow-origin"]).toBeUndefined();
  });

  test("cannot send anything but JSON, even under our origin", async () => {
    const { url } = await openLab();
    const headers = { origin: url.slice(0, -1), "content-type": "text/plain" };
    const { status } = await rawRequest(url, {
      method: "POST",
      path: "/start",
      headers,
      body: "{}",
    });
    expect(status).toBe(415);
  });
});

describe("orders", () => {
  test.each([
    [{ idleMs: 1 }, 400, "settings.idleMs must be a number from 40 to 500, got 1"],
    [{ method: "BREW" }, 400, "settings.method must be"],
    [{ extra: true }, 400, "settings.extra is not an option"],
    [[], 400, "settings must be an object"],
    [{ fault: "x".repeat(5_000) }, 413, "larger than 4096 bytes"],
  ])("are checked: %o", async (body, status, problem) => {
    const { url } = await openLab();
    const response = await order(url, "start", body);
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(problem);
    const events = await LabEvents.open(url);
    expect(events.of("hello")[0]?.["state"].phase).toBe("stopped");
    events.close();
  });

  test("are refused if they are not JSON", async () => {
    const { url } = await openLab();
    const headers = { origin: url.slice(0, -1), "content-type": "application/json" };
    const { status } = await rawRequest(url, { method: "POST", path: "/stop", headers, body: "{" });
    expect(status).toBe(400);
  });
});

describe("runLab", () => {
  test("listens on loopback only", async () => {
    await expect(runLab({ host: "0.0.0.0" as "::1" })).rejects.toThrow("options.host must be");
    const { url } = await openLab({ host: "::1" });
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+\/$/);
    expect((await fetch(url)).status).toBe(200);
  });

  test("fails if the port is in use", async () => {
    const { url } = await openLab();
    const { port } = new URL(url);
    await expect(runLab({ port: Number(port) })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  test("lets pages come and go, and has room for them again", async () => {
    const { url } = await openLab();
    for (let round = 0; round < 3; round += 1) {
      const pages: LabEvents[] = [];
      for (let count = 1; count <= maxPages; count += 1) {
        // The server may not have noticed yet that the pages before have gone.
        await expect.poll(async () => pages.push(await LabEvents.open(url))).toBe(count);
      }
      expect((await fetch(`${url}events`)).status).toBe(503);
      for (const page of pages) page.close();
    }
  });

  test("closes with pages and idle connections open, and frees the port", async () => {
    const lab = await runLab();
    const { port } = new URL(lab.url);
    const events = await LabEvents.open(lab.url);
    const idle = connect(Number(port), "127.0.0.1").on("error", () => {});
    await once(idle, "connect");
    await lab.close();
    await expect(fetch(lab.url)).rejects.toThrow("fetch failed");
    const again = await runLab({ port: Number(port) });
    await again.close();
    idle.destroy();
    events.close();
  });
});

interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Sends a path as it is, and headers that fetch would not send. */
async function rawRequest(url: string, { method, path, headers = {}, body }: RawRequest) {
  const { hostname, port } = new URL(url);
  const call = request({ hostname, port, method, path, headers }).end(body);
  const [response] = (await once(call, "response")) as [IncomingMessage];
  // Events do not end.
  if (response.headers["content-type"] === "text/event-stream") response.destroy();
  else await text(response);
  return { status: response.statusCode, headers: response.headers };
}
