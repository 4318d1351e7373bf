import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

import { opened } from "../../../testing/opened.ts";
import { rawServer } from "../../../support/upstream/servers/raw-server.ts";

/** Runs a process that ends as the mode says; what would keep it alive would do so for a minute. */
async function ended(origin: string, mode: string): Promise<unknown> {
  const script = fileURLToPath(new URL("exiting.js", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, origin, mode], {
    timeout: 10_000,
  });
  return stdout.trim();
}

test.each(["close", "destroy", "abort", "idle", "unread"])(
  "the process can end in this state: %s",
  async (mode) => {
    const server = await opened({
      faults: [{ fault: "hang", match: ({ path }) => path === "/hang" }],
    });
    expect(await ended(server.origin, mode)).toBe("done");
  },
);

test("the process can end although a discarded response never ends", async () => {
  let busy = 0;
  const server = await rawServer((socket) => {
    socket.on("data", (data) => {
      const stalls = data.includes("/busy") && ++busy === 1;
      const status = stalls ? "503 Busy" : "200 OK";
      socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\n${stalls ? "" : "ok"}`);
    });
  });
  expect(await ended(server.origin, "discard")).toBe("done");
});
