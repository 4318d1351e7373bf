import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";

import { describe, expect, test } from "vitest";

import { givenHead, headOf, setHeaders } from "./response-head.ts";

const fresh = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()));

const all = (name: string): boolean => name !== "content-length";

describe("setHeaders", () => {
  test.each<[string, object]>([
    ["an object", { Link: ["<a>", "<b>"], "X-N": 1 }],
    ["a flat list", ["Link", "<a>", "X-N", 1, "link", "<b>"]],
    [
      "pairs",
      [
        ["Link", "<a>"],
        ["X-N", 1],
        ["LINK", "<b>"],
      ],
    ],
  ])("takes %s in the place of earlier headers", (_, given) => {
    const response = fresh();
    response.setHeader("link", "<old>").setHeader("ETag", '"e"');
    setHeaders(response, given);
    const { status, fields } = headOf(response, 201, all);
    expect(status).toBe(201);
    expect(new Map(fields.map(([name, value]) => [`${name.toLowerCase()} ${value}`, 1])).size).toBe(
      4,
    );
    expect(fields.filter(([name]) => name === "Link")).toEqual([
      ["Link", "<a>"],
      ["Link", "<b>"],
    ]);
  });

  test.each<[string, object]>([
    ["no value", { "X-A": undefined }],
    ["a list with an end that is missing", ["X-A"]],
    ["a value over two lines", { "X-A": "1\r\nX-B: 2" }],
  ])("fails for %s, as Node does", (_, given) => {
    expect(() => setHeaders(fresh(), given)).toThrow(/ERR_|Invalid/);
  });
});

describe("givenHead", () => {
  test("has the fields of an object, with one field for each of several values", () => {
    const given = { Link: ["<a>", "<b>"], "X-N": 1 };
    expect(givenHead(fresh(), 201, given, all)?.fields).toEqual([
      ["Link", "<a>"],
      ["Link", "<b>"],
      ["X-N", "1"],
    ]);
  });

  test.each<[string, ServerResponse, object]>([
    ["a header was set before", fresh().setHeader("ETag", '"e"'), { "X-A": 1 }],
    ["they are given in a list", fresh(), ["X-A", 1]],
    ["a name comes in two cases", fresh(), { "X-A": 1, "x-a": 2 }],
  ])("is absent if %s", (_, response, given) => {
    expect(givenHead(response, 201, given, all)).toBeNull();
  });
});

describe("headOf", () => {
  test("reads a status in text", () => {
    expect(headOf(fresh(), "304", all).status).toBe(304);
  });

  test("has the kept names as they were written, and the length separately", () => {
    const response = fresh().setHeader("X-CamelCase", "1").setHeader("Content-LENGTH", 12);
    const { fields, length } = headOf(
      response.setHeader("X-Other", "2"),
      200,
      (name) => name === "x-camelcase",
    );
    expect([fields, length]).toEqual([[["X-CamelCase", "1"]], "12"]);
    expect(headOf(fresh(), 200, all).length).toBeNull();
  });
});
