// A service that ends as its first argument says: "drain", "close", or by the signal itself; its second argument is how
// long it keeps idle connections, in ms.
import { createServer } from "node:http";

import { drain } from "@reissue/server";

const [ending, keepAliveMs] = process.argv.slice(2);
const server = createServer((_request, response) => response.end("ok"));
server.keepAliveTimeout = Number(keepAliveMs);
server.listen(Number(process.env["PORT"]), "127.0.0.1", () => console.log("it listens"));

if (ending === "drain") {
  process.once("SIGTERM", () => drain(server, { lameDuckMs: 1500 }).then(() => process.exit()));
}
if (ending === "close") process.once("SIGTERM", () => server.close(() => process.exit()));
if (ending === "never") process.on("SIGTERM", () => {});
if (ending === "crash") process.exit(3);
