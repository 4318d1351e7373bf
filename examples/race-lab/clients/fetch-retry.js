// @ts-check
import { outgoing } from "../outgoing.js";

/** @type {import("../outgoing.js").Install} Fetch in the usual loop: whatever fails is sent again, up to three times. */
export function install(app, upstream, onResend) {
  app.all("/:call", async (req, res) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await fetch(upstream + req.path, outgoing(req));
        res.status(answer.status).send(await answer.text());
        return;
      } catch (error) {
        if (attempt === 4) throw error;
        onResend(req.path);
      }
    }
  });
}
