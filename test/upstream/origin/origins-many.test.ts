import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout } from "node:timers/promises";

import { manualClock } from "@reissue/testing";
import { expect, onTestFinished, test, vi } from "vitest";

import { client } from "../../support/upstream/client.ts";

/** More than are remembered when they have nothing to do. */
const many = 600;

test("an origin with a call in back-off is not removed for many others", async () => {
  const sockets = new Set<Socket>();
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? "");
    if (request.url === "/") response.end("ok");
    // The first is cut, so that it is sent again, and the second never answered.
    else if (paths.length === 1) request.socket.destroy();
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  // All addresses of 127.0.0.0/8 are this machine's.
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const clock = manualClock();
  const upstream = client({ clock, idleMs: 20 });
  const call = upstream.request(`http://127.1.0.1:${port}/slow`).catch((error: unknown) => error);
  await vi.waitFor(() => expect(clock.nextMs).toBeLessThan(50), { interval: 2 });
  for (let index = 0; index < many; index += 1) {
    const { body } = await upstream.request(`http://127.2.${index >> 8}.${index & 255}:${port}/`);
    await body.dump();
  }
  await clock.advance(50);
  await vi.waitFor(() => expect(paths.at(-1)).toBe("/slow"), { interval: 2 });
  await upstream.dispatcher.destroy();
  // real time: a limit for a call that hangs
  const end = await Promise.race([call, setTimeout(500, "still waiting")]);
  expect(end).toMatchObject({ code: "ERR_REISSUE_CLOSED" });
  await vi.waitFor(() => expect(sockets.size).toBe(0), { interval: 5 });
});
