import { IncomingMessage } from "node:http";
import { Socket } from "node:net";

import { describe, expect, test } from "vitest";

import { existingHolder, slotHolder } from "./request-slot.ts";

const request = (): IncomingMessage => new IncomingMessage(new Socket());

/** A request whose raw headers are described by a property. */
function withHeaders(property: PropertyDescriptor): IncomingMessage {
  return Object.defineProperty(request(), "rawHeaders", { configurable: true, ...property });
}

function copyOf(own: IncomingMessage): IncomingMessage {
  return Object.assign(Object.create(IncomingMessage.prototype) as IncomingMessage, own);
}

describe("slotHolder", () => {
  test("returns the raw headers of a request of node:http", () => {
    const own = request();
    expect(existingHolder(own)).toEqual({});
    expect(slotHolder(own)).toBe(own.rawHeaders);
    expect(existingHolder(own)).toBe(own.rawHeaders);
  });

  test.each<[string, (own: IncomingMessage) => IncomingMessage]>([
    ["a proxy of it", (own) => new Proxy(own, {})],
    ["an object that inherits from it", (own) => Object.create(own)],
  ])("returns the same object for a request and %s, whichever comes first", (_, derive) => {
    const [one, other] = [request(), request()];
    expect(slotHolder(one)).toBe(slotHolder(derive(one)));
    expect(slotHolder(derive(other))).toBe(slotHolder(other));
    expect(Reflect.ownKeys(one)).toEqual(Reflect.ownKeys(request()));
  });

  test("returns another object for a copy of a request, of another's raw headers", () => {
    const own = request();
    const holder = slotHolder(own);
    const [copy, another] = [copyOf(own), copyOf(own)];
    expect(slotHolder(copy)).not.toBe(holder);
    expect(slotHolder(copy)).not.toBe(slotHolder(another));
    expect(existingHolder(copy)).toBe(slotHolder(copy));
    expect(slotHolder(copyOf(copy))).not.toBe(slotHolder(copy));
  });

  test.each<[string, PropertyDescriptor]>([
    ["frozen", { value: Object.freeze(["a", "b"]) }],
    ["created at each reading", { get: () => [] }],
    ["a string", { value: "a: b" }],
    ["null", { value: null }],
    ["missing", { value: undefined }],
  ])("returns one object for a request whose raw headers are %s", (_, property) => {
    const own = withHeaders(property);
    const holder = slotHolder(own);
    expect(slotHolder(own)).toBe(holder);
    expect(existingHolder(own)).toBe(holder);
    expect(slotHolder(withHeaders(property))).not.toBe(holder);
  });
});
