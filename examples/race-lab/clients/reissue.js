// @ts-check
import { attemptChannel } from "@reissue/core";
import { reissue } from "@reissue/express";

import { outgoing } from "../outgoing.js";

/** @type {import("../outgoing.js").Install} The same with Reissue, out of the box. */
export function install(app, upstream, onResend) {
  const gate = reissue();
  app.use(gate);
  app.all("/:call", async (req, res) => {
    const answer = await req.upstream(upstream + req.path, outgoing(req));
    res.status(answer.status).send(await answer.text());
  });
  app.use(gate.errors());

  attemptChannel.start.subscribe((message) => {
    const { attempt, path } = /** @type {import("@reissue/core").AttemptMessage} */ (message);
    if (attempt > 1) onResend(path);
  });
}
