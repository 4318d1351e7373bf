import { memoryStore, reissue } from "@reissue/express";
import { expect, onTestFinished, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { listening } from "../../support/listen.ts";
import { majors } from "./service.ts";

test.each(majors)("%s: a key after a first gate counts at the next gate", async (_, express) => {
  const app = express();
  app.use(reissue());
  app.use((req, _res, next) => {
    req.headers["idempotency-key"] = req.headers["x-request-key"] as string;
    next();
  });
  app.use(reissue({ idempotency: { store: memoryStore(), scope: "shared" } }));
  let runs = 0;
  app.post("/", (_req, res) => void res.json((runs += 1)));
  const origin = await listening(app);
  const answers = [];
  for (const key of ["a", "a", "b"]) {
    const answer = await fetch(origin, { method: "POST", headers: { "x-request-key": key } });
    answers.push(await answer.json());
  }
  expect(answers).toEqual([1, 1, 2]);
});

test.each(majors)("%s: a call uses the client of the last gate", async (_, express) => {
  const orders = await opened({ respond: { body: "fine" } });
  const [outer, inner] = [reissue(), reissue()];
  onTestFinished(() => inner.close());
  // A call with the ended request's client is refused.
  await outer.close();
  const app = express();
  app.use(outer, inner);
  app.get("/", (req, res, next) => {
    req
      .upstream(orders.origin)
      .then((answer) => answer.text())
      .then((text) => res.send(text), next);
  });
  app.use(inner.errors());
  expect(await (await fetch(await listening(app))).text()).toBe("fine");
});
