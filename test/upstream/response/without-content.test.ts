import { describe, expect, test } from "vitest";

import { client } from "../../support/upstream/client.ts";
import { rawServer } from "../../support/upstream/servers/raw-server.ts";

describe.each(["304 Not Modified", "204 No Content"])("a %s with a Content-Length", (line) => {
  const answer = `HTTP/1.1 ${line}\r\nEtag: "one"\r\nContent-Length: 1234\r\n\r\n`;
  const status = Number(line.slice(0, 3));

  // A POST's answer is not held; both are told of an answer that is whole.
  test.each(["GET", "POST"] as const)(
    "is the whole response to a %s, sent once",
    async (method) => {
      const server = await rawServer((socket) => socket.on("data", () => socket.write(answer)));
      const upstream = client();
      const { statusCode, headers, body } = await upstream.request(server.origin, { method });
      expect([statusCode, headers["etag"], await body.text()]).toEqual([status, '"one"', ""]);
      expect(server.connections).toBe(1);
    },
  );

  test("completes, and the next request uses another connection", async () => {
    const server = await rawServer((socket) => socket.on("data", () => socket.write(answer)));
    const upstream = client({ connections: 1 });
    const two = [upstream(server.origin), upstream(server.origin)];
    expect((await Promise.all(two)).map((response) => response.status)).toEqual([status, status]);
    expect(server.connections).toBe(2);
  });
});
