// @ts-check
import { outgoing } from "../outgoing.js";

/** @type {import("../outgoing.js").Install} A handler as everybody writes it, with Node's own fetch. */
export function install(app, upstream) {
  app.all("/:call", async (req, res) => {
    const answer = await fetch(upstream + req.path, outgoing(req));
    res.status(answer.status).send(await answer.text());
  });
}
