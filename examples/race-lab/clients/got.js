// @ts-check
import { got } from "got";

import { outgoing } from "../outgoing.js";

/** @type {import("../outgoing.js").Install} A handler as everybody writes it, with got and without its retries. */
export function install(app, upstream) {
  app.all("/:call", async (req, res) => {
    const { method, ...options } = outgoing(req);
    const answer = await got(upstream + req.path, {
      ...options,
      method: /** @type {import("got").Method} */ (method),
      retry: { limit: 0 },
    });
    res.status(answer.statusCode).send(answer.body);
  });
}
