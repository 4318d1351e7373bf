import { reissue } from "@reissue/express";
import { expect, test } from "vitest";

import { listening } from "../../support/listen.ts";
import { SkewedClock } from "../../support/skewed-clock.ts";
import { majors } from "./service.ts";

test.each(majors)("%s: a route's time counts from when its request came", async (_, express) => {
  const clock = new SkewedClock();
  const gate = reissue({ clock });
  const app = express();
  app.use(gate);
  app.use((_req, _res, next) => {
    clock.skip(60_000);
    next();
  });
  // It never answers.
  app.get("/", gate.route({ timeoutMs: 60_000 }), () => {});
  const { status } = await fetch(await listening(app), { signal: AbortSignal.timeout(10_000) });
  expect(status).toBe(504);
});
