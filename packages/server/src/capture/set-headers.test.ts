import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";

import { expect, test, vi } from "vitest";

import { headersSet } from "./set-headers.ts";

const response = (): ServerResponse =>
  new ServerResponse(new IncomingMessage(new Socket()))
    .setHeader("X-CamelCase", "1")
    .setHeader("Link", ["<a>", "<b>"])
    .setHeader("__proto__", 2)
    .setHeader("X-Gone", 3);

const all = Object.entries({
  "x-camelcase": ["X-CamelCase", "1"],
  link: ["Link", ["<a>", "<b>"]],
  ["__proto__"]: ["__proto__", 2],
});

test("the headers are listed by lower-case name, and as they were written", () => {
  const set = response();
  set.removeHeader("x-gone");
  expect(Object.entries(headersSet(set))).toEqual(all);
  expect(headersSet(new ServerResponse(set.req))).toEqual({});
});

test("the headers are found where this version of Node keeps them", () => {
  const set = response();
  const names = vi.spyOn(set as never, "getRawHeaderNames");
  expect(headersSet(set)).toHaveProperty("link");
  expect(names).not.toHaveBeenCalled();
});

test("the headers of a hand-made response come from its methods", () => {
  const { getHeaderNames, getHeader } = response();
  const set = response();
  const other = { getHeaderNames: getHeaderNames.bind(set), getHeader: getHeader.bind(set) };
  expect(headersSet(other as never)["link"]).toEqual(["link", ["<a>", "<b>"]]);
});
