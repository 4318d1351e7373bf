import { Agent as HttpAgent, request as httpRequest } from "node:http";
import type { Fault } from "@reissue/testing";
import { Agent, request } from "undici";
import { describe, expect, onTestFinished, test } from "vitest";
import { opened } from "./opened.ts";

/** What a client makes of a POST: the answer, or the code of its error. */
type Client = (origin: string, id: string) => Promise<string>;

function viaUndici(patienceMs: number): Client {
  const dispatcher = new Agent({ connections: 1 });
  onTestFinished(() => dispatcher.destroy());
  return async (origin, id) => {
    try {
      const headers = { "x-request-id": id };
      const limits = { headersTimeout: patienceMs, bodyTimeout: patienceMs };
      const answer = await request(origin, {
        dispatcher,
        method: "POST",
        body: "abc",
        headers,
        ...limits,
      });
      return `${answer.statusCode} ${await answer.body.text()}`;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? String(error);
    }
  };
}

function viaHttp(patienceMs: number): Client {
  const agent = new HttpAgent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  return (origin, id) =>
    new Promise((resolve) => {
      const headers = { "x-request-id": id, "content-length": 3 };
      const sent = httpRequest(
        origin,
        { agent, method: "POST", headers, timeout: patienceMs },
        (answer) => {
          let text = `${answer.statusCode} `;
          answer.on("data", (data: Buffer) => (text += data.toString()));
          answer.on("end", () => resolve(text));
          answer.on("error", (error: NodeJS.ErrnoException) =>
            resolve(error.code ?? String(error)),
          );
        },
      );
      sent.on("timeout", () => sent.destroy(Object.assign(new Error("slow"), { code: "TIMEOUT" })));
      sent.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? String(error)));
      sent.end("abc");
    });
}

const cases: readonly { fault: Fault; effects: number; undici: RegExp; http: RegExp }[] = [
  { fault: { fault: "reset" }, effects: 0, undici: /^ECONNRESET$/, http: /^ECONNRESET$/ },
  {
    fault: { fault: "reset", when: "after-processing" },
    effects: 1,
    undici: /^ECONNRESET$/,
    http: /^ECONNRESET$/,
  },
  { fault: { fault: "end" }, effects: 0, undici: /^UND_ERR_SOCKET$/, http: /^ECONNRESET$/ },
  {
    fault: { fault: "end", when: "after-processing" },
    effects: 1,
    undici: /^UND_ERR_SOCKET$/,
    http: /^ECONNRESET$/,
  },
  { fault: { fault: "hang" }, effects: 0, undici: /^UND_ERR_HEADERS_TIMEOUT$/, http: /^TIMEOUT$/ },
  { fault: { fault: "garbage" }, effects: 0, undici: /^HTTPParserError|^HPE_/, http: /^HPE_/ },
  { fault: { fault: "status", status: 502 }, effects: 0, undici: /^502 502$/, http: /^502 502$/ },
  {
    fault: { fault: "cut-headers", with: "fin" },
    effects: 1,
    undici: /^UND_ERR_SOCKET|^HPE_/,
    http: /^ECONNRESET|^HPE_/,
  },
  {
    fault: { fault: "cut-headers" },
    effects: 1,
    undici: /^ECONNRESET$|^UND_ERR_SOCKET|^HPE_/,
    http: /^ECONNRESET$/,
  },
  {
    fault: { fault: "cut-body", with: "fin" },
    effects: 1,
    undici: /^UND_ERR_SOCKET$/,
    http: /^ECONNRESET$/,
  },
  {
    fault: { fault: "cut-body" },
    effects: 1,
    undici: /^ECONNRESET$|^UND_ERR_SOCKET$/,
    http: /^ECONNRESET$/,
  },
  {
    fault: { fault: "cut-chunked" },
    effects: 1,
    undici: /^ECONNRESET$|^UND_ERR_SOCKET$/,
    http: /^ECONNRESET$/,
  },
  { fault: { fault: "slow" }, effects: 1, undici: /^200 ok$/, http: /^200 ok$/ },
  { fault: { fault: "answer-then-close" }, effects: 1, undici: /^200 ok$/, http: /^200 ok$/ },
  { fault: { fault: "kill-idle" }, effects: 1, undici: /^200 ok$/, http: /^200 ok$/ },
  {
    fault: { fault: "restart", downMs: 20 },
    effects: 0,
    undici: /^ECONNRESET$/,
    http: /^ECONNRESET$/,
  },
  {
    fault: { fault: "restart", downMs: 20, when: "after-processing" },
    effects: 1,
    undici: /^ECONNRESET$/,
    http: /^ECONNRESET$/,
  },
];

describe.each(["undici", "http"] as const)("%s on a reused connection", (name) => {
  test.each(cases)("reports the fault $fault as specified", async (row) => {
    const upstream = await opened();
    const client = (name === "undici" ? viaUndici : viaHttp)(
      row.fault.fault === "hang" ? 300 : 10_000,
    );
    expect(await client(upstream.origin, "warm")).toBe("200 ok");
    upstream.script([row.fault]);
    expect(await client(upstream.origin, "victim")).toMatch(row[name]);
    expect(upstream.requests[1]).toMatchObject({ id: "victim", connection: 1, nth: 2 });
    expect(upstream.effects.get("victim") ?? 0).toBe(row.effects);
    if (row.fault.fault === "restart") await upstream.restart({ downMs: 0 });
    // Unannounced, the close would hit the next request: that is what this fault is for.
    if (row.fault.fault === "answer-then-close") await upstream.until(({ open }) => open === 0);
    expect(await client(upstream.origin, "after")).toBe("200 ok");
    expect(upstream.duplicates()).toEqual([]);
  });
});
