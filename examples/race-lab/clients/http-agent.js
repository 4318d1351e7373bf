// @ts-check
import { once } from "node:events";
import { Agent, request } from "node:http";

import { outgoing } from "../outgoing.js";

/** @type {import("../outgoing.js").Install} The same with node:http and the Agent that every tuning guide recommends. */
export function install(app, upstream) {
  const agent = new Agent({ keepAlive: true });
  app.all("/:call", async (req, res) => {
    const { body, ...options } = outgoing(req);
    const call = request(upstream + req.path, { ...options, agent }).end(body);
    const [answer] = await once(call, "response");
    res.status(answer.statusCode);
    for await (const chunk of answer) res.write(chunk);
    res.end();
  });
}
