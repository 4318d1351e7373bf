import { interceptors, request, type Dispatcher } from "undici";
import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";

/** What compose() returns is a Proxy of the dispatcher. */
const composed: readonly (readonly [string, (agent: Dispatcher) => Dispatcher])[] = [
  ["compose", (agent) => agent.compose(interceptors.dump())],
  ["compose without interceptors", (agent) => agent.compose()],
  ["compose twice", (agent) => agent.compose().compose(interceptors.redirect())],
  ["a Proxy of somebody else's", (agent) => new Proxy(agent, {})],
];

const ends: readonly (readonly [string, (dispatcher: Dispatcher) => Promise<void>])[] = [
  ["close()", (dispatcher) => dispatcher.close()],
  ["close(callback)", (dispatcher) => new Promise((resolve) => dispatcher.close(resolve))],
  ["destroy()", (dispatcher) => dispatcher.destroy()],
  ["destroy(error)", (dispatcher) => dispatcher.destroy(new Error("over"))],
  ["destroy(callback)", (dispatcher) => new Promise((resolve) => dispatcher.destroy(resolve))],
  [
    "destroy(null, callback)",
    (dispatcher) => new Promise((done) => dispatcher.destroy(null, done)),
  ],
];

describe.each(composed)("a dispatcher composed with %s", (_, compose) => {
  test.each(ends)("%s ends the dispatcher underneath", async (_name, end) => {
    const server = await opened();
    const agent = outbound().dispatcher;
    const dispatcher = compose(agent);
    await (await request(server.origin, { dispatcher })).body.dump();
    await end(dispatcher);
    expect(agent.closed).toBe(true);
    await server.until(({ open }) => open === 0);
    await expect(request(server.origin, { dispatcher })).rejects.toMatchObject({
      code: "ERR_REISSUE_CLOSED",
    });
  });
});

test("close() of a composed dispatcher waits for calls in flight, like the dispatcher's own", async () => {
  const server = await opened({ respond: { delayMs: 30 } });
  const dispatcher = outbound().dispatcher.compose(interceptors.redirect());
  const answer = request(server.origin, { dispatcher });
  await server.until(({ heads }) => heads === 1);
  await dispatcher.close();
  expect(await (await answer).body.text()).toBe("ok");
});
