import { expect, test } from "vitest";

import { ResponseCloses } from "./response-closes.ts";

function suspected(): ResponseCloses {
  const closes = new ResponseCloses();
  closes.onClose();
  return closes;
}

test("no connection is endangered before one was closed right after a response", () => {
  expect(new ResponseCloses().endangers(0)).toBe(false);
});

test.each([
  [0, true],
  [19, true],
  [20, false],
])(
  "after such a close, a connection that has been idle for %d ms is endangered: %s",
  (idleMs, endangered) => {
    expect(suspected().endangers(idleMs)).toBe(endangered);
  },
);

test("no connection is endangered any more once one has outlived its response", () => {
  const closes = suspected();
  closes.onOutlived();
  expect(closes.endangers(0)).toBe(false);
});

test("no connection is endangered once four were passed over and none of them was closed", () => {
  const closes = suspected();
  for (let connection = 0; connection < 3; connection += 1) closes.onPassedOver();
  closes.onClose();
  for (let connection = 0; connection < 3; connection += 1) closes.onPassedOver();
  expect(closes.endangers(0)).toBe(true);
  closes.onPassedOver();
  expect(closes.endangers(0)).toBe(false);
});
