import { expect, test } from "vitest";

import { bytesOf, isChunk, RecordedBody } from "./recorded-body.ts";

test("the body keeps a copy of everything that was written", () => {
  const recording = new RecordedBody(10);
  const memory = Buffer.from("one");
  recording.add(bytesOf([memory]));
  memory.fill("x");
  recording.add(bytesOf(["two"]));
  expect(recording.body()?.toString()).toBe("onetwo");
});

test("the body keeps as many bytes as it may, and only the length of more", () => {
  const recording = new RecordedBody(4);
  recording.add(Buffer.alloc(4));
  expect(recording.body()).toHaveLength(4);
  recording.add(Buffer.alloc(1));
  recording.add(Buffer.alloc(0));
  expect([recording.body(), recording.size]).toEqual([null, 5]);
});

test("the body has a trailer as often as the trailer has values", () => {
  const recording = new RecordedBody(0);
  recording.addTrailers({ A: ["1", "2"], B: 3 });
  recording.addTrailers([["C", "4"]]);
  recording.addTrailers(null);
  expect(recording.trailers).toEqual([
    ["A", "1"],
    ["A", "2"],
    ["B", "3"],
    ["C", "4"],
  ]);
});

test.each<[string, unknown[], string]>([
  ["text", ["é"], "c3a9"],
  ["text in an encoding", ["é", "latin1"], "e9"],
  ["text with a callback", ["é", () => {}], "c3a9"],
  ["base64", ["/w==", "base64"], "ff"],
  ["bytes", [new Uint8Array([1, 255])], "01ff"],
  ["only a callback", [() => {}], ""],
  ["nothing", [], ""],
])("bytesOf() reads %s", (_, args, hex) => {
  expect(Buffer.from(bytesOf(args)).toString("hex")).toBe(hex);
});

test("only text and bytes are accepted as chunks", () => {
  const values = ["", Buffer.alloc(0), new Uint8Array(), null, undefined, 1, {}, new Uint16Array()];
  expect(values.map((value) => isChunk(value))).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
});
