import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { client } from "../../support/upstream/client.ts";
import { onHead, rawServer } from "../../support/upstream/servers/raw-server.ts";

/** An object whose members are getters of its class. */
class Init {
  get method(): string {
    return "DELETE";
  }

  get headers(): Record<string, string> {
    return { "x-own": "1" };
  }
}

describe("an init", () => {
  const url = "http://unused/";
  test.each<[string, () => object]>([
    ["that is a Request", () => new Request(url, { method: "DELETE", headers: { "x-own": "1" } })],
    ["with getters", () => new Init()],
    ["that inherits", () => Object.create({ method: "DELETE", headers: { "x-own": "1" } })],
    ["that is a proxy", () => new Proxy({ method: "DELETE", headers: { "x-own": "1" } }, {})],
    [
      "without a prototype",
      () => Object.assign(Object.create(null), { method: "DELETE", headers: { "x-own": "1" } }),
    ],
    [
      "that is a function",
      () => Object.assign(() => {}, { method: "DELETE", headers: { "x-own": "1" } }),
    ],
  ])("is read like a plain object: an init %s", async (_kind, make) => {
    const server = await opened();
    expect((await client()(server.origin, make())).status).toBe(200);
    const { method, headers } = server.requests[0]!;
    expect([method, Object.fromEntries(headers)["x-own"]]).toEqual(["DELETE", "1"]);
  });

  test("is read once for each of its members", async () => {
    const server = await opened();
    const reads: string[] = [];
    const init = new Proxy(
      { method: "POST", body: "abc", retry: 0 },
      {
        get(target, name) {
          reads.push(String(name));
          return Reflect.get(target, name) as unknown;
        },
      },
    );
    await client()(server.origin, init as object);
    expect(reads).toEqual([...new Set(reads)]);
    expect(server.requests[0]?.body?.toString()).toBe("abc");
  });

  test.each([0, 3, "twice", true, null, () => 3])(
    "with the retry option of another library, %s, is not checked",
    async (retry) => {
      const server = await opened();
      const response = await client()(server.origin, { retry } as object);
      expect(response.status).toBe(200);
    },
  );

  test("with Reissue's retry option opts in, and is checked", async () => {
    const server = await opened({ faults: [{ fault: "reset", at: "body-end", times: 1 }] });
    const init = { method: "POST", body: "abc", retry: { retryOn: ["reset"] } } as const;
    expect((await client()(server.origin, init)).status).toBe(200);
    expect(server.received).toBe(2);
    await expect(
      client()(server.origin, { retry: { retryOnn: [] } } as object),
    ).rejects.toMatchObject({ code: "ERR_REISSUE_OPTION" });
  });

  test.each([5, "POST", true, Symbol("init")])(
    "is refused if it is no object: %s",
    async (init) => {
      const server = await opened();
      await expect(client()(server.origin, init as never)).rejects.toBeInstanceOf(TypeError);
      expect(server.received).toBe(0);
    },
  );
});

describe("a body that is neither bytes, a form nor a stream", () => {
  test.each<[string, unknown, string]>([
    ["an array", [1, "b"], "1,b"],
    ["a Set", new Set([1]), "[object Set]"],
    ["an object", { a: 1 }, "[object Object]"],
    ["an object with a text", { toString: () => "its text" }, "its text"],
    ["a number", 0, "0"],
    ["false", false, "false"],
  ])("is sent as text: %s", async (_kind, body, text) => {
    const server = await opened();
    await client()(server.origin, { method: "POST", body } as object);
    expect(server.requests[0]?.body?.toString()).toBe(text);
    const headers = Object.fromEntries(server.requests[0]!.headers);
    expect(headers["content-type"]).toBe("text/plain;charset=UTF-8");
  });

  test("is none if it is null", async () => {
    const server = await opened();
    await client()(server.origin, { method: "POST", body: null });
    const headers = Object.fromEntries(server.requests[0]!.headers);
    expect(headers).toMatchObject({ "content-length": "0" });
    expect(headers).not.toHaveProperty("content-type");
  });
});

test("the names of headers are sent in their given spelling", async () => {
  const server = await rawServer((socket) => {
    onHead(socket, () => socket.end("HTTP/1.1 204 No Content\r\n\r\n"));
  });
  await client()(server.origin, { headers: { "X-Own": "1", accept: "text/plain" } });
  expect(server.received[0]).toContain("\r\nX-Own: 1\r\naccept: text/plain\r\n");
});
