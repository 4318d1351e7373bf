// @ts-check
import axios from "axios";

import { outgoing } from "../outgoing.js";

/** @type {import("../outgoing.js").Install} A handler as everybody writes it, with axios. */
export function install(app, upstream) {
  app.all("/:call", async (req, res) => {
    const { body, ...options } = outgoing(req);
    const answer = await axios({ url: upstream + req.path, data: body, ...options });
    res.status(answer.status).send(answer.data);
  });
}
