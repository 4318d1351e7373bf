import { describe, expect, test } from "vitest";

import { ownHosts, refusal } from "./guard.ts";

const hosts = ownHosts(4400);
const json = { host: "127.0.0.1:4400", "content-type": "application/json" };
const origin = "http://127.0.0.1:4400";

describe("ownHosts", () => {
  test("are loopback's names with the port", () => {
    expect(hosts).toEqual(["127.0.0.1:4400", "localhost:4400", "[::1]:4400"]);
  });

  test("may leave out port 80", () => {
    expect(ownHosts(80)).toContain("localhost");
  });
});

describe("refusal", () => {
  test.each([
    ["GET", { host: "localhost:4400" }],
    ["GET", { host: "LocalHost:4400" }],
    ["GET", { host: "127.0.0.1:4400", "sec-fetch-site": "none", "sec-fetch-mode": "navigate" }],
    ["GET", { host: "127.0.0.1:4400", "sec-fetch-site": "same-origin" }],
    // A link to the page on another page.
    [
      "GET",
      { host: "127.0.0.1:4400", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
    ],
    ["POST", { ...json, origin }],
    ["POST", { ...json, "content-type": "application/json; charset=utf-8", origin }],
  ])("serves %s with %o", (method, headers) => {
    expect(refusal({ method, headers }, hosts)).toBeNull();
  });

  test.each([
    ["GET", {}, 421],
    ["GET", { host: "evil.example:4400" }, 421],
    ["GET", { host: "127.0.0.1:4401" }, 421],
    ["GET", { host: "127.0.0.1" }, 421],
    ["GET", { host: json.host, origin: "https://evil.example" }, 403],
    ["GET", { host: json.host, origin: "null" }, 403],
    ["GET", { host: json.host, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }, 403],
    ["GET", { host: json.host, "sec-fetch-site": "same-site" }, 403],
    ["POST", { ...json, origin: "http://127.0.0.1:4401" }, 403],
    ["POST", { ...json, origin: "null" }, 403],
    ["POST", json, 403],
    ["POST", { host: json.host, origin }, 415],
    ["POST", { ...json, "content-type": "text/plain", origin }, 415],
    ["POST", { host: "evil.example", origin: "http://evil.example" }, 421],
    ["DELETE", json, 403],
  ])("refuses %s with %o by the status %s", (method, headers, status) => {
    expect(refusal({ method, headers }, hosts)?.status).toBe(status);
  });
});
