import { spawn } from "node:child_process";
import { on } from "node:events";
import { createInterface } from "node:readline";

import { recordId } from "@reissue/core/internal";
import { expect, onTestFinished, test } from "vitest";

import { RedisServer } from "./server.ts";

test("one of 16 simultaneous claims from each of 2 processes wins, for each of 300 keys", async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const ids = Array.from({ length: 300 }, (_, index) => recordId("scope", `${index}`));
  const claimants = [claimant(server.port, ids), claimant(server.port, ids)];

  for (const { line } of claimants) expect(await line()).toBe("ready");
  for (const { go } of claimants) go();
  const [first, second] = await Promise.all(
    claimants.map(async ({ line }): Promise<number[]> => JSON.parse(await line())),
  );
  const winners = ids.map((_, index) => (first?.[index] ?? 0) + (second?.[index] ?? 0));
  expect(winners).toEqual(ids.map(() => 1));
});

/** A process that claims all ids when it is told to. */
function claimant(port: number, ids: readonly string[]) {
  const script = `${import.meta.dirname}/claimant.js`;
  const child = spawn(process.execPath, [script, `${port}`, ...ids], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = on(createInterface(child.stdout), "line", { close: ["close"] });
  return {
    go: () => void child.stdin.write("\n"),
    async line(): Promise<string> {
      const { value } = await lines.next();
      return String(value);
    },
  };
}
