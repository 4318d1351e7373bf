import { reportOf } from "@reissue/agent";
import { manualClock } from "@reissue/testing";
import { describe, expect, test } from "vitest";

import { agentWith } from "../support/agent/agents.ts";
import { httpClients, isSupported, type HttpClient } from "../support/agent/http-clients.ts";
import { opened } from "../testing/opened.ts";

/** Clients that keep nothing of Node's error but its code, as docs/clients.md says. */
const losing = /^(got11|node-fetch|make-fetch-happen|gaxios|openai)/;

/** Their callers see a 502. */
const proxies = /^(http-proxy|httpxy)/;

/** The error of a POST by a client whose connection dies, or of what it can send in its place. */
async function errorOf(client: HttpClient): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const server = await opened({ respond: { body: "{}", headers }, faults: [{ fault: "reset" }] });
  const send = await client.open(agentWith({ clock: manualClock() }));
  const method = client.kinds?.includes("PUT") === true ? "PUT" : "POST";
  const sending = { origin: server.origin, path: "/1", method, body: "x", headers: {} };
  return send(sending).then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );
}

const clients = Object.entries(httpClients).filter(([name]) => !proxies.test(name));

describe.each(clients)("the error of %s for a request that died", (name, client) => {
  test.skipIf(!isSupported(client))(
    losing.test(name) ? "has lost what the agent knows" : "has what the agent knows of the request",
    async () => {
      const report = reportOf(await errorOf(client));
      if (losing.test(name)) expect(report).toBeNull();
      else expect(report).toMatchObject({ delivery: "unknown", resends: 0 });
    },
  );
});
