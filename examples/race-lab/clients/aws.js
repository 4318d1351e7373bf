// @ts-check
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { HttpRequest } from "@smithy/protocol-http";

import { outgoing } from "../outgoing.js";

/** @type {import("../outgoing.js").Install} A handler that calls as the clients of AWS' SDK do, whose agents are their own. */
export function install(app, upstream) {
  const http = new NodeHttpHandler();
  const { hostname, port, protocol } = new URL(upstream);
  app.all("/:call", async (req, res) => {
    const { path } = req;
    const request = new HttpRequest({
      protocol,
      hostname,
      port: Number(port),
      path,
      ...outgoing(req),
    });
    const { response } = await http.handle(request);
    res.status(response.statusCode);
    for await (const chunk of response.body) res.write(chunk);
    res.end();
  });
}
