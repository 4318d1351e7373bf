import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

import { opened } from "../faulty-upstream/opened.ts";
import { rawServer } from "./raw-server.ts";

/** How long a process lived on after its last call, in ms. */
async function livedOnMs(origin: string, mode: string): Promise<number> {
  const script = fileURLToPath(new URL("exiting.js", import.meta.url));
  const options = { timeout: 5000 };
  const { stdout } = await promisify(execFile)(process.execPath, [script, origin, mode], options);
  return Number(stdout);
}

test.concurrent.each(["close", "destroy", "abort", "idle", "unread"])(
  "nothing keeps the process alive: %s",
  async (mode) => {
    const server = await opened({ faults: [{ fault: "hang", match: ({ path }) => path === "/hang" }] });
    expect(await livedOnMs(server.origin, mode)).toBeLessThan(1000);
  },
);

test("nothing keeps the process alive: an answer that was discarded and never ends", async () => {
  let busy = 0;
  const server = await rawServer((socket) => {
    socket.on("data", (data) => {
      const stalls = data.includes("/busy") && ++busy === 1;
      const status = stalls ? "503 Busy" : "200 OK";
      socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\n${stalls ? "" : "ok"}`);
    });
  });
  expect(await livedOnMs(server.origin, "discard")).toBeLessThan(1000);
});
