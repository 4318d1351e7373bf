// A service that ends on SIGTERM in the way that its first argument names. It listens once its parent says on which
// port, and says "listening" itself.
import { once } from "node:events";
import { createServer } from "node:http";

import { drain, keepAlive } from "@reissue/server";

const [ending, lameDuckMs, graceMs] = [
  process.argv[2],
  Number(process.argv[3]),
  Number(process.argv[4]),
];
const server = createServer((request, response) => {
  // real time: a process of its own: its requests must overlap with the shutdown
  request.resume().once("end", () => setTimeout(() => response.end("placed"), 5));
});
keepAlive(server, { behind: "nginx" });

process.once("disconnect", () => process.exit());
process.send?.("ready");
const [port] = await once(process, "message");
server.listen(port, "127.0.0.1", () => process.send?.("listening"));

process.once("SIGTERM", async () => {
  if (ending === "drain") await drain(server, { lameDuckMs, deadlineMs: graceMs });
  if (ending === "close") {
    // nginx goes on using the connections that it has, so somebody ends the process sooner or later.
    // real time: a process of its own: the grace time of its supervisor
    setTimeout(() => process.exit(), graceMs);
    await new Promise((resolve) => server.close(resolve));
  }
  process.exit();
});
