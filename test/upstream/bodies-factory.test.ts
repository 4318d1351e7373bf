import { describe, expect, onTestFinished, test } from "vitest";

import { opened } from "../faulty-upstream/opened.ts";
import { client } from "./client.ts";

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
  ])("that gives %s sends nothing", async (_kind, made) => {
    const server = await opened();
    expect(await put(server.origin, () => made)).toBeInstanceOf(Error);
    expect(server.requests).toEqual([]);
  });

  test("that gives a promise sends nothing and says why", async () => {
    const server = await opened();
    const error = await put(server.origin, async () => "later");
    expect(error).toMatchObject({ message: expect.stringContaining("not a promise") });
    expect(server.requests).toEqual([]);
  });

  test("whose promise is rejected leaves no rejection behind", async () => {
    const server = await opened();
    const unhandled: unknown[] = [];
    const listener = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", listener);
    onTestFinished(() => void process.off("unhandledRejection", listener));
    await put(server.origin, async () => {
      throw new Error("a bug of the caller's");
    });
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(unhandled).toEqual([]);
  });
});
