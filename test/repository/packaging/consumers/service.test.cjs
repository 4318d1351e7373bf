const express = require("express");
const { createUpstream, isReissueError, reissue, UpstreamError } = require("@reissue/express");
const { faultyUpstream } = require("@reissue/testing");

test("a service resends what a stale connection lost, and translates what cannot be sent", async () => {
  const orders = await faultyUpstream({ faults: [{ fault: "reset", on: "reused", times: 1 }] });
  const closed = await faultyUpstream();
  await closed.close();
  const upstream = createUpstream();
  const gate = reissue({ upstream });
  const app = express();
  app.use(gate);
  let caught;
  app.get("/", async (req, res) => {
    const response = await req.upstream(orders.origin);
    res.status(response.status).end(await response.text());
  });
  app.get("/refused", async (req, res) => {
    await req.upstream(closed.origin, { retry: { unsentWindowMs: 0 } }).catch((error) => {
      caught = error;
      throw error;
    });
    res.end();
  });
  app.use(gate.errors());
  app.use((error, req, res, next) => res.status(error.status).end(String(next.length)));
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = Object(server.address());
  const origin = `http://127.0.0.1:${port}`;
  try {
    for (const _ of [1, 2]) expect((await fetch(origin)).status).toBe(200);
    expect((await fetch(`${origin}/refused`)).status).toBe(502);
    expect(caught instanceof UpstreamError).toBe(true);
    expect(isReissueError(caught)).toBe(true);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await upstream.close();
    await orders.close();
  }
});
