import { Readable } from "node:stream";

import { describe, expect, onTestFinished, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { client } from "../../support/upstream/client.ts";

async function* letters(): AsyncGenerator<string> {
  yield "a";
  yield "b";
}

describe.each(["upstream()", "upstream.request()"])("%s with a body factory", (way) => {
  async function put(url: string, body: () => unknown): Promise<unknown> {
    const upstream = client();
    const call =
      way === "upstream()"
        ? upstream(url, { method: "PUT", body })
        : upstream.request(url, { method: "PUT", body });
    return await call.then(
      () => "an answer",
      (error: Error) => error,
    );
  }

  test.each([
    ["a number", 42],
    ["an object", { amount: 42 }],
    ["a URL", new URL("http://localhost/")],
  ])("sends nothing if it gives %s", async (_kind, made) => {
    const server = await opened();
    expect(await put(server.origin, () => made)).toBeInstanceOf(Error);
    expect(server.requests).toEqual([]);
  });

  test.each<[string, () => object]>([
    ["Node stream", () => Readable.from(["a", "b"])],
    ["generator", () => letters()],
    ["web stream", () => new Blob(["ab"]).stream()],
  ])("sends nothing a second time if it gives the same %s again", async (_kind, make) => {
    const server = await opened({ faults: [{ fault: "reset", at: "body-end", times: 1 }] });
    const body = make();
    expect(await put(server.origin, () => body)).toMatchObject({ name: "TypeError" });
    expect(server.requests.map((each) => each.body?.toString())).toEqual(["ab"]);
  });

  test("sends the whole of each new stream", async () => {
    const server = await opened({ faults: [{ fault: "reset", at: "body-end", times: 1 }] });
    expect(await put(server.origin, () => letters())).toBe("an answer");
    expect(server.requests.map((each) => each.body?.toString())).toEqual(["ab", "ab"]);
  });

  test("sends nothing if it gives a promise, and says why", async () => {
    const server = await opened();
    const error = await put(server.origin, async () => "later");
    expect(error).toMatchObject({ message: expect.stringContaining("not a promise") });
    expect(server.requests).toEqual([]);
  });

  test("leaves no rejection behind if it gives a promise that is rejected", async () => {
    const server = await opened();
    const unhandled: unknown[] = [];
    const listener = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", listener);
    onTestFinished(() => void process.off("unhandledRejection", listener));
    await put(server.origin, async () => {
      throw new Error("a bug of the caller's");
    });
    // real time: an unhandled rejection is reported in a later turn
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(unhandled).toEqual([]);
  });
});
