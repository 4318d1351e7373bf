import { once, type EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import { afterAll, beforeAll, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { freePort } from "../../support/free-port.ts";
import { snippets } from "./markdown.ts";
import { Project } from "./project.ts";

/** A client of ws, which has no types of its own. */
interface Socket extends EventEmitter {
  readonly readyState: number;
  send(text: string): void;
  terminate(): void;
}
const WebSocket = createRequire(import.meta.url)("ws") as {
  new (url: string): Socket;
  readonly OPEN: number;
};

let project: Project;
beforeAll(async () => (project = await Project.open("ws")));
afterAll(() => project.remove());

const [webSockets = "", worker = ""] = snippets("docs/recipes/no-request.md");

test("a message of a WebSocket gets a response, also if its call fails", async () => {
  const orders = await opened({ respond: { body: '{"id":"42"}' } });
  const port = await freePort();
  await project.start(
    webSockets.replace("8080", String(port)).replace("http://orders:3000", orders.origin),
  );
  let socket: Socket | undefined;
  await expect
    .poll(
      async () => {
        socket = new WebSocket(`ws://127.0.0.1:${port}`);
        await once(socket, "open");
        return socket.readyState;
      },
      { timeout: 20_000 },
    )
    .toBe(WebSocket.OPEN);
  const tell = async (): Promise<unknown> => {
    socket!.send('{"id":"42"}');
    const [message] = await once(socket!, "message");
    return JSON.parse(String(message));
  };
  expect(await tell()).toEqual({ id: "42" });
  orders.script([{ fault: "reset" }]);
  expect(await tell()).toEqual({ id: "42" });
  orders.setFaults([{ fault: "reset", when: "after-processing" }]);
  expect(await tell()).toEqual({ error: "upstream failed", retry: false });
  socket!.terminate();
});

test("a job that is delivered again sends the same key, and is processed once", async () => {
  const payments = await opened({ honourKeys: true, respond: { body: '{"id":"ch_1"}' } });
  const file = await project.write(worker.replaceAll("http://payments:3000", payments.origin));
  const { charge } = (await import(pathToFileURL(file).href)) as {
    charge(job: object): Promise<unknown>;
  };
  const job = { id: "order-1", queueName: "charges", data: { amount: 1 } };
  await charge(job);
  payments.script([{ fault: "reset", when: "after-processing" }]);
  expect(await charge(job)).toEqual({ id: "ch_1" });
  expect(await charge({ ...job, id: "order-2" })).toEqual({ id: "ch_1" });
  expect(payments.processedCount).toBe(2);
});
