import { expect, test } from "vitest";

import { twiceByContender } from "./twice.ts";

test("the repeats are counted by contender, without the burst that warms up", () => {
  const ids = ["fetch-1-2", "axios-retry-10-0", "axios-retry-2-11", "axios-retry--1-3", "x"];
  expect(twiceByContender(ids)).toEqual({ fetch: 1, "axios-retry": 2 });
});
