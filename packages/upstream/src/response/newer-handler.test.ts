import { PassThrough } from "node:stream";

import type { Dispatcher } from "undici";
import { expect, test, vi } from "vitest";

import { NewerHandler } from "./newer-handler.ts";
import type { ResponseHandler } from "./response-handler.ts";

function setting(overrides: Partial<ResponseHandler> = {}) {
  const events: unknown[][] = [];
  const note =
    (name: string) =>
    (...given: unknown[]): void =>
      void events.push([name, ...given.map((value) => (isRaw(value) ? value.map(String) : value))]);
  const handler: ResponseHandler = {
    onConnect: note("connect"),
    onHeaders: note("headers"),
    onData: note("data"),
    onComplete: note("complete"),
    onError: note("error"),
    onUpgrade: note("upgrade"),
    ...overrides,
  };
  const controller = { abort: vi.fn(), pause: vi.fn(), resume: vi.fn(), rawHeaders: null };
  return {
    events,
    controller: controller as typeof controller & Dispatcher.DispatchController,
    newer: new NewerHandler(handler),
  };
}

function isRaw(value: unknown): value is Buffer[] {
  return Array.isArray(value);
}

test("raw headers are passed on as they are, and a record of HTTP/2 becomes a list", () => {
  const { events, controller, newer } = setting();
  const raw = [Buffer.from("Via"), Buffer.from("a")];
  newer.onResponseStart({ ...controller, rawHeaders: raw }, 200, { via: "b" }, "OK");
  newer.onResponseStart(controller, 200, { via: "b", "set-cookie": ["c=1", "d=é"] });
  newer.onResponseEnd(controller, { sum: "1" });
  newer.onResponseEnd(controller, null as never);
  const resume: unknown = expect.any(Function);
  expect(events).toEqual([
    ["headers", 200, ["Via", "a"], resume, "OK"],
    ["headers", 200, ["via", "b", "set-cookie", "c=1", "set-cookie", "d=\uFFFD"], resume, ""],
    ["complete", ["sum", "1"]],
    ["complete", []],
  ]);
});

test("the return value false pauses, and `resume` and `abort` reach the controller", () => {
  let resume = (): void => {};
  let abort = (_reason?: Error): void => {};
  const { controller, newer } = setting({
    onConnect: (given) => {
      abort = given;
    },
    onHeaders: (_status, _headers, given) => {
      resume = given;
      return false;
    },
    onData: (chunk) => chunk.length > 1,
  });
  newer.onRequestStart(controller);
  newer.onResponseStart(controller, 200, {});
  expect(controller.pause).toHaveBeenCalledTimes(1);
  newer.onResponseData(controller, Buffer.from("ab"));
  expect(controller.pause).toHaveBeenCalledTimes(1);
  newer.onResponseData(controller, Buffer.from("a"));
  expect(controller.pause).toHaveBeenCalledTimes(2);
  resume();
  expect(controller.resume).toHaveBeenCalledTimes(1);
  const reason = new Error("left");
  abort(reason);
  expect(controller.abort).toHaveBeenCalledWith(reason);
});

test("a failure before the request began has no controller", () => {
  const { events, newer } = setting();
  const error = new Error("refused");
  newer.onResponseError(null, error);
  expect(events).toEqual([["error", error]]);
});

test("an upgrade hands over the socket, also under HTTP/2", () => {
  const { events, controller, newer } = setting();
  const socket = new PassThrough();
  newer.onRequestUpgrade(controller, 101, { upgrade: "echo" }, socket);
  expect(events).toEqual([["upgrade", 101, ["upgrade", "echo"], socket]]);
});

test("progress is reported to a handler that follows it, and is optional", () => {
  const onBodySent = vi.fn();
  const { newer } = setting({ onBodySent });
  newer.onBodySent("a");
  newer.onRequestSent();
  newer.onResponseStarted();
  expect(onBodySent).toHaveBeenCalledWith("a");
});
