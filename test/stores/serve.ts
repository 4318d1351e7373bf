import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { handler } from "@reissue/server";
import type { AdapterService, StartedService } from "@reissue/testing";
import { createUpstream, type BoundUpstream } from "@reissue/upstream";

/** Starts a service of node:http's, as the adapter cases ask for it. */
export async function serve({ idempotency, route, run }: AdapterService): Promise<StartedService> {
  const upstream = createUpstream();
  const listener = handler<BoundUpstream>(
    async (request, response) => {
      const body = await run({ request, response });
      if (body !== null) response.end(body);
    },
    { idempotency, ...route, upstream, onError: () => {} },
  );
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, "close");
      server.close().closeAllConnections();
      await closed;
      await upstream.dispatcher.destroy();
    },
  };
}
