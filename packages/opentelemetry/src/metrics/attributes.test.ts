import { expect, test } from "vitest";

import { attributesOf } from "./attributes.ts";

test.each([
  [{}, {}],
  [
    { "server.address": "orders", "server.port": "3000" },
    { "server.address": "orders", "server.port": 3000 },
  ],
  [
    { "server.address": "/run/orders.sock", "server.port": "" },
    { "server.address": "/run/orders.sock" },
  ],
  [
    { "http.response.status_code": "502", "reissue.retryable": "true" },
    { "http.response.status_code": 502, "reissue.retryable": "true" },
  ],
])("the labels %o become the attributes %o", (labels, attributes) => {
  expect(attributesOf(labels)).toEqual(attributes);
});
