import { idleCloseChannel, type IdleCloseMessage } from "@reissue/core";
import { manualClock } from "@reissue/testing";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { agentWith } from "../../support/agent/agents.ts";
import { call } from "../../support/agent/call.ts";
import { onHead, rawServer } from "../../support/upstream/servers/raw-server.ts";

const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** What is told of idle connections to an origin until the test ends. */
function told(origin: string): IdleCloseMessage[] {
  const messages: IdleCloseMessage[] = [];
  const listener = (value: unknown): void => {
    const message = value as IdleCloseMessage;
    if (message.origin === origin) messages.push(message);
  };
  idleCloseChannel.subscribe(listener);
  onTestFinished(() => {
    idleCloseChannel.unsubscribe(listener);
  });
  return messages;
}

/** An agent with one connection that has been idle for 3 s. */
async function idle() {
  const server = await rawServer((socket) => onHead(socket, () => void socket.write(ok)));
  const clock = manualClock();
  const agent = agentWith({ clock });
  await call(server.origin, { agent });
  await vi.waitFor(() => expect(Object.values(agent.freeSockets)).toHaveLength(1));
  await clock.advance(3000);
  const [socket] = server.open;
  return { origin: server.origin, agent, socket: socket! };
}

describe("an idle connection of an agent", () => {
  test.each(["end", "resetAndDestroy"] as const)(
    "is reported with its idle time when the upstream closes it by %s()",
    async (close) => {
      const { agent, socket, origin } = await idle();
      const messages = told(origin);
      socket[close]();
      await vi.waitFor(() => expect(Object.values(agent.freeSockets)).toEqual([]));
      expect(messages).toEqual([{ client: "agent", origin, idleMs: 3000 }]);
    },
  );

  test("is not reported when its agent is destroyed", async () => {
    const { agent, origin } = await idle();
    const messages = told(origin);
    agent.destroy();
    await vi.waitFor(() => expect(Object.values(agent.freeSockets)).toEqual([]));
    expect(messages).toEqual([]);
  });

  test("is not reported when unrequested bytes end it", async () => {
    const { agent, socket, origin } = await idle();
    const messages = told(origin);
    socket.write(ok);
    await vi.waitFor(() => expect(Object.values(agent.freeSockets)).toEqual([]));
    expect(messages).toEqual([]);
  });
});
