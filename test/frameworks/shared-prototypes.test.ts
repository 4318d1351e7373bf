import { EventEmitter } from "node:events";
import { IncomingMessage, ServerResponse } from "node:http";

import * as express from "@reissue/express";
import { reissue as koa } from "@reissue/koa";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";

import { listening } from "../support/listen.ts";

class Context {
  readonly path = "/";
}

/** Prototypes that a hand-made request or context may share with objects of other purposes. */
const shared = [Object, EventEmitter, IncomingMessage, ServerResponse, Context].map(
  ({ prototype }) => prototype as object,
);
const before = shared.map((prototype) => Reflect.ownKeys(prototype));

afterEach(() => {
  expect(shared.map((prototype) => Reflect.ownKeys(prototype))).toEqual(before);
});

const makers: Record<string, () => object> = {
  "a literal": () => ({}),
  "an object without a prototype": () => Object.create(null) as object,
  "an event emitter": () => new EventEmitter(),
  "an instance of a class": () => new Context(),
};

describe.each(Object.entries(makers))("%s as a hand-made context", (_, make) => {
  test("it has the client in Koa, and no other object has", async () => {
    const gate = koa();
    onTestFinished(() => gate.close());
    const origin = await listening(async (req, res) => {
      const ctx = Object.assign(make(), { req, res, response: { body: null } });
      await gate(ctx as never, async () => {
        res.end(typeof (ctx as { upstream?: unknown }).upstream);
      });
    });
    for (let call = 0; call < 2; call += 1) {
      expect(await (await fetch(origin)).text()).toBe("function");
    }
    expect({}).not.toHaveProperty("upstream");
  });
});

test("a request that Express has not seen has the client, and no other request has", async () => {
  const gate = express.reissue();
  gate.errors();
  onTestFinished(() => gate.close());
  const origin = await listening((req, res) => {
    gate(req, res, () => {
      res.end(typeof (req as { upstream?: unknown }).upstream);
    });
  });
  expect(await (await fetch(origin)).text()).toBe("function");
});
