import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { got } from "../../support/upstream/requests.ts";
import { Gate } from "../../support/upstream/held-responses.ts";
import { Heard } from "../../support/upstream/handler-log.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";
import { onHead, rawServer } from "../../support/upstream/servers/raw-server.ts";

const all = ["start", "head 200", "data", "end"];
const holding = [
  ["held", 65_536],
  ["streamed", 0],
] as const;

describe.each(["newer", "older"] as const)("handlers of the %s style", (style) => {
  test.each(holding)("get every call in order: %s", async (_, holdBytes) => {
    const { origin } = await opened();
    const heard = new Heard();
    const agent = outbound({ holdBytes }).dispatcher;
    agent.dispatch({ origin, path: "/", method: "GET" }, heard[style]);
    await heard.over;
    expect(heard.names).toEqual(all);
  });

  describe.each(all)("throwing in %s", (throwing) => {
    test.each(holding)("leads to one error, and to no resend: %s", async (_, holdBytes) => {
      const server = await opened();
      const { origin } = server;
      const upstream = outbound({ holdBytes });
      const heard = new Heard(throwing);
      upstream.dispatcher.dispatch({ origin, path: "/", method: "GET" }, heard[style]);
      await heard.over;
      const before = all.slice(0, all.indexOf(throwing) + 1);
      expect(heard.names).toEqual([...before, `thrown in ${throwing}`]);
      expect(server.stats().heads).toBe(throwing === "start" ? 0 : 1);
      expect(await got(upstream, origin)).toBe("ok");
    });

    test.each(holding)("leaves the count of calls in flight right: %s", async (_, holdBytes) => {
      const server = await opened();
      const { origin } = server;
      const upstream = outbound({ holdBytes });
      const heard = new Heard(throwing);
      upstream.dispatcher.dispatch({ origin, path: "/", method: "GET" }, heard[style]);
      await heard.over;
      const gate = new Gate();
      server.setRespond(({ path }) => gate.answer(path));
      const slow = got(upstream, origin);
      let isClosed = false;
      const closing = upstream.close().then(() => (isClosed = true));
      await server.until(({ heads }) => heads === (throwing === "start" ? 1 : 2));
      expect(isClosed).toBe(false);
      gate.open("/");
      expect(await slow).toBe("ok");
      await closing;
      await server.until(({ open }) => open === 0);
    });
  });

  test("get no socket if they throw in onUpgrade, and the pool goes on", async () => {
    const server = await rawServer((socket) => {
      onHead(socket, () => {
        socket.write(
          "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        );
      });
    });
    const agent = outbound({ connections: 1 }).dispatcher;
    for (let round = 1; round <= 2; round += 1) {
      const heard = new Heard("upgrade");
      const options = { origin: server.origin, path: "/", method: "GET", upgrade: "x" } as const;
      agent.dispatch(options, heard[style]);
      await server.until(({ connections, open }) => connections === round && open.size === 0);
      expect(heard.names).toEqual(["start", "upgrade", "thrown in upgrade"]);
    }
    await agent.close();
  });
});
