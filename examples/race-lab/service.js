// @ts-check
// An Express service in a process of its own: node service.js <client> <origin of the upstream>
import { once } from "node:events";

import express from "express";

// Ctrl-C reaches every process of a terminal; the laboratory says when this one ends.
process.on("SIGINT", () => {});

const [client = "", upstream = ""] = process.argv.slice(2);
/** @type {{ install: import("./outgoing.js").Install }} */
const { install } = await import(`./clients/${client}.js`);
/** @type {Record<string, number>} */
const resends = {};

const app = express();
// Express prints errors unless this is a test; here they are counted.
app.set("env", "test");
app.get("/resends", (_req, res) => void res.json(resends));
install(app, upstream, (path) => {
  resends[path] = (resends[path] ?? 0) + 1;
});

const server = app.listen(0, "127.0.0.1");
// The race to be shown is the one with the upstream: on this side connections outlive every pause of the load.
server.keepAliveTimeout = 60_000;
await once(server, "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
process.on("disconnect", () => process.exit());
// The laboratory may have gone while this was starting.
if (!process.connected) process.exit();
process.send?.(`http://127.0.0.1:${port}`, () => {});
