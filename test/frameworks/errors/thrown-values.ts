import { runInNewContext } from "node:vm";

const explode = (): never => {
  throw new Error("a trap's own");
};

const inRealm = (source: string): (() => unknown) => {
  return () => runInNewContext(source) as unknown;
};

const failing = (fields: object, message = "failed"): Error =>
  Object.assign(new Error(message), fields);

/** What a handler, a hook or an error handler may throw, by name. Each is made anew: frameworks set properties. */
export const thrown: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  false: () => false,
  zero: () => 0,
  "an empty string": () => "",
  "a string": () => "oops",
  "a word of Express'": () => "route",
  "a number": () => 404,
  "a BigInt": () => 10n,
  "a symbol": () => Symbol("oops"),
  "an object with statusCode": () => ({ statusCode: 401 }),
  "an object with status": () => ({ status: 402, message: "pay" }),
  "an object with headers": () => ({ statusCode: 403, headers: { "x-own": "1" } }),
  "an object with a status of success": () => ({ statusCode: 200 }),
  "an object with a status in words": () => ({ statusCode: "401" }),
  "an object like an error": () => ({ name: "Error", message: "like one", stack: "Error: like" }),
  "an empty object": () => ({}),
  "a frozen object": () => Object.freeze({ statusCode: 401 }),
  "an object without a prototype": () => Object.create(null) as unknown,
  "an array": () => [1, 2],
  "a function": () => () => 1,
  "a function with statusCode": () => Object.assign(() => 1, { statusCode: 401 }),
  "a Buffer": () => Buffer.from("bytes"),
  "a typed array": () => new Uint8Array(3),
  "a promise": () => Promise.resolve("settled"),
  // oxlint-disable-next-line unicorn/no-thenable -- it is thrown
  "a thenable with statusCode": () => ({ then() {}, statusCode: 401 }),
  "a date": () => new Date(0),
  "a Map": () => new Map([["statusCode", 401]]),
  "an error of another realm": inRealm("new TypeError('far')"),
  "an error of another realm with a status": inRealm(
    "Object.assign(new Error('far'), { status: 418, statusCode: 418, expose: true })",
  ),
  "an object of another realm": inRealm("({ statusCode: 401 })"),
  "an error": () => failing({}),
  "an error with a status": () => failing({ status: 402, expose: true, headers: { "x-own": "1" } }),
  "an error with a status of success": () => failing({ statusCode: 200 }),
  "an error without an entry": () => failing({ code: "ENOENT" }),
  "a DOMException": () => new DOMException("failed", "DataError"),
  "a frozen error": () => Object.freeze(failing({})),
  "a frozen error with a status": () => Object.freeze(failing({ statusCode: 401 })),
  "a sealed error": () => Object.seal(failing({ statusCode: 402 })),
  "a proxy of an error": () => new Proxy(failing({ statusCode: 409 }), {}),
  "a proxy of an object": () => new Proxy({ statusCode: 409 }, {}),
  "a proxy that throws": () => new Proxy(failing({}), { get: explode, getPrototypeOf: explode }),
  "an object whose getter throws": () =>
    Object.defineProperty({}, "statusCode", { get: explode }) as unknown,
  "an error whose getter throws": () =>
    Object.defineProperty(failing({}), "status", { get: explode }),
  "an error with a status that cannot be set": () =>
    Object.defineProperty(failing({}), "status", { get: () => 409 }),
  "an error with headers that cannot be sent": () => failing({ headers: { "a b": "c" } }),
};

/**
 * Values that no framework can respond to: it crashes, responds with success, or leaves the request without a response.
 * With Reissue they are a 500.
 */
const unreadable = [
  "a proxy that throws",
  "an object whose getter throws",
  "an error whose getter throws",
  "an error with headers that cannot be sent",
];

/** Those of each framework. */
export const unanswered = {
  // Its last handler calls `toString`.
  express: [...unreadable, "an object without a prototype"],
  // It ignores what is no value, writes what is no error as JSON, and sets properties on errors.
  koa: [
    ...unreadable,
    "undefined",
    "null",
    "a BigInt",
    "a frozen error",
    "a frozen error with a status",
    "a sealed error",
    "an error with a status that cannot be set",
  ],
  fastify: unreadable,
};

/** All that can be read, by name. */
export const readable = Object.keys(thrown).filter((name) => !unreadable.includes(name));

/** One of each kind, by name. */
export const someThrown = [
  "undefined",
  "a string",
  "a symbol",
  "an object with statusCode",
  "an array",
  "a function",
  "a Buffer",
  "a promise",
  "an error of another realm with a status",
  "an error with a status",
  "a frozen error",
  "a proxy of an error",
  "an error whose getter throws",
];

/** What frameworks may take for no error, by name. */
export const falsy = ["undefined", "null", "false", "zero", "an empty string"];
