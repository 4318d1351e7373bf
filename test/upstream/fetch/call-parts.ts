import { Readable } from "node:stream";

/** A value and what it is called, made anew for each call. */
export type Named<Value> = readonly [name: string, make: () => Value];

export const methods: readonly unknown[] = [
  ...["GET", "get", "Get", "HEAD", "head", "POST", "post", "PUT", "pUt", "DELETE", "delete"],
  ...["OPTIONS", "PATCH", "QUERY", "PROPFIND", "custom", "M-SEARCH", "CONNECT", "TRACE", "track"],
  ...["bad method", "", null, 7, undefined, undefined, { toString: () => "PUT" }],
];

export const headers: readonly Named<unknown>[] = [
  ["none", () => undefined],
  ["null", () => null],
  ["empty", () => ({})],
  ["a record", () => ({ "X-Own": "1", accept: "text/plain" })],
  ["a record without prototype", () => Object.assign(Object.create(null), { "x-own": "1" })],
  [
    "numbers",
    () => ({ "x-number": 1, "x-list": [1, 2], "x-null": null, "x-undefined": undefined }),
  ],
  [
    "pairs",
    () => [
      ["X-Own", "1"],
      ["x-own", "2"],
      ["Cookie", "a=1"],
      ["cookie", "b=2"],
    ],
  ],
  ["bad pairs", () => [["x-own"]]],
  ["Headers", () => new Headers({ "X-Own": "1", accept: "text/plain" })],
  ["a Map", () => new Map([["x-own", "1"]])],
  [
    "a generator",
    () =>
      (function* () {
        yield ["x-own", "1"];
      })(),
  ],
  ["a proxy", () => new Proxy({ "x-own": "1" }, {})],
  [
    "getters",
    () => ({
      get "x-own"() {
        return "1";
      },
    }),
  ],
  ["a symbol", () => ({ [Symbol("s")]: "1" })],
  [
    "an instance",
    () =>
      new (class {
        "x-own" = "1";
      })(),
  ],
  ["white space", () => ({ "x-own": " \t1 \t" })],
  ["an empty value", () => ({ "x-own": "" })],
  ["a bad value", () => ({ "x-own": "a\nb" })],
  ["a wide value", () => ({ "x-own": "☃" })],
  ["a Latin-1 value", () => ({ "x-own": "é" })],
  ["a bad name", () => ({ "x own": "1" })],
  ["conditions", () => ({ "If-None-Match": '"1"' })],
  ["a range", () => ({ range: "bytes=0-1" })],
  ["a range and codings", () => ({ Range: "bytes=0-1", "Accept-Encoding": "gzip" })],
  [
    "its own defaults",
    () => ({
      "User-Agent": "mine",
      "Accept-Encoding": "br",
      "Accept-Language": "de",
      "Sec-Fetch-Mode": "no",
    }),
  ],
  ["a host", () => ({ Host: "example.org" })],
  ["a content type", () => ({ "Content-Type": "application/json", "content-language": "en" })],
  [
    "credentials",
    () => ({ Authorization: "Basic eA==", cookie: "a=1", "proxy-authorization": "x" }),
  ],
  ["a string", () => "x-own: 1"],
];

export const bodies: readonly Named<unknown>[] = [
  ["null", () => null],
  ["a string", () => "text é ☃"],
  ["an empty string", () => ""],
  ["half a pair", () => "a\ud800b"],
  ["a String", () => new String("boxed")],
  ["search params", () => new URLSearchParams({ a: "1", b: "é&" })],
  ["a Blob", () => new Blob(["blob"])],
  ["a typed Blob", () => new Blob(["blob"], { type: "image/png" })],
  ["a File", () => new File(["file"], "a.txt", { type: "text/csv" })],
  [
    "a form",
    () => {
      const form = new FormData();
      form.append("a", "1");
      form.append("f", new Blob(["é"]), "f.txt");
      return form;
    },
  ],
  ["an ArrayBuffer", () => new Uint8Array([1, 2, 3]).buffer],
  ["bytes", () => new Uint8Array([1, 2, 3])],
  ["a part of bytes", () => new Uint8Array([1, 2, 3, 4]).subarray(1, 3)],
  ["a DataView", () => new DataView(new ArrayBuffer(4), 1)],
  ["floats", () => new Float64Array([1.5])],
  ["a Buffer", () => Buffer.from("buffer")],
  ["no bytes", () => new Uint8Array(0)],
  ["a stream", () => new Blob(["streamed"]).stream()],
  [
    "a locked stream",
    () => {
      const stream = new Blob(["streamed"]).stream();
      stream.getReader();
      return stream;
    },
  ],
  [
    "a stream of strings",
    () =>
      new ReadableStream({
        start(controller) {
          controller.enqueue("text");
          controller.close();
        },
      }),
  ],
  [
    "a stream that fails",
    () =>
      new ReadableStream({
        pull() {
          throw new Error("the source");
        },
      }),
  ],
  ["a Node stream", () => Readable.from([Buffer.from("node")])],
  [
    "a generator",
    () =>
      (async function* () {
        yield Buffer.from("made");
      })(),
  ],
  ["an array", () => [1, "two"]],
  ["a Set", () => new Set([1])],
  ["an object", () => ({ a: 1 })],
  ["an object with a text", () => ({ toString: () => "its text" })],
  ["a number", () => 42],
  ["false", () => false],
  ["a symbol", () => Symbol("s")],
  ["a Date", () => new Date(0)],
  ["a URL", () => new URL("http://a/b")],
];

export const paths: readonly string[] = [
  ...[
    "/echo",
    "/echo",
    "/echo/with space/é?x=1&y= é#part",
    "/echo?",
    "/echo#",
    "//echo",
    "/echo/../json",
  ],
  ...[
    200, 201, 302, 204, 205, 206, 226, 304, 400, 401, 404, 407, 418, 421, 425, 500, 501, 505, 599,
    600, 999,
  ].map((status) => `/status/${status}`),
  ...["/status/200/Fine", "/status/404/%C3%A9"],
  ...["gzip", "deflate", "br"].map((coding) => `/coded/${coding}/${coding}`),
  ...["/coded/X-GZip/gzip", "/coded/deflate/raw-deflate", "/coded/gzip,%20br/both"],
  ...[
    "/coded/gzip/empty",
    "/coded/br/empty",
    "/coded/deflate/empty",
    "/coded/gzip/plain",
    "/coded/br/plain",
  ],
  ...[
    "/coded/identity/plain",
    "/coded/unknown/gzip",
    "/coded/gzip,unknown/gzip",
    "/coded/gzip/cut-gzip",
    "/coded/gzip/two-gzips",
  ],
  "/coded/gzip,gzip,gzip,gzip,gzip,gzip/gzip",
  ...[
    "/hints",
    "/cookies",
    "/chunks",
    "/long/70000",
    "/long/300000",
    "/json",
    "/form",
    "/close",
    "/cut",
  ],
];

export const locations = [
  ...[
    "/echoCALL",
    "echoCALL",
    "OTHER/echoCALL",
    "HERE/status/404CALL",
    "/echoCALL#there",
    "/redirect/302/%2FechoCALL",
  ],
  ...[
    "/redirect/307/%2FechoCALL",
    "OTHER/redirect/303/HERE%2FechoCALL",
    "/é/☃CALL",
    "none",
    "",
    "ftp://a/",
    "data:text/plain,a",
  ],
  ...["http://u:p@127.0.0.1/", "http://127.0.0.1:25/", "http://[", "?call=loop", "#only"],
];

export const inits: readonly Named<(init: Record<string, unknown>, url: string) => unknown>[] = [
  ["plain", () => (init) => init],
  ["plain", () => (init) => init],
  ["frozen", () => (init) => Object.freeze(init)],
  ["without prototype", () => (init) => Object.assign(Object.create(null), init)],
  ["inherited", () => (init) => Object.create(init)],
  ["a proxy", () => (init) => new Proxy(init, {})],
  ["getters", () => (init) => withGetters(init)],
  ["a function", () => (init) => Object.assign(() => {}, init)],
  ["a Request", () => (init, url) => new Request(url, init)],
];

export const others: readonly (readonly [string, unknown])[] = [
  ...(["follow", "follow", "follow", "manual", "error", "bad", null] as const).map(
    (mode) => ["redirect", mode] as const,
  ),
  ...(["cors", "same-origin", "navigate", "bad"] as const).map((mode) => ["mode", mode] as const),
  ...(["omit", "same-origin", "include", "bad"] as const).map(
    (mode) => ["credentials", mode] as const,
  ),
  ...(["default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"] as const).map(
    (mode) => ["cache", mode] as const,
  ),
  ...["", "about:client", "http://127.0.0.1/from", "not a URL at all:"].map(
    (referrer) => ["referrer", referrer] as const,
  ),
  ["referrerPolicy", "no-referrer"],
  ["integrity", "sha256-wrong"],
  ["integrity", ""],
  ["keepalive", true],
  ["keepalive", false],
  ["window", null],
  ["window", 1],
  ["priority", "high"],
  ["duplex", "full"],
  ["retry", 0],
  ["retry", "twice"],
  ["retry", null],
];

export const reads = [
  "text",
  "arrayBuffer",
  "blob",
  "json",
  "formData",
  "clones",
  "iterate",
  "reader",
  "byob",
  "cancel",
  "nothing",
];

export const signals = [
  "none",
  "none",
  "none",
  "none",
  "null",
  "idle",
  "aborted",
  "aborted with a text",
  "late",
  "wrong",
];

function withGetters(init: Record<string, unknown>): object {
  const prototype = {};
  for (const [name, value] of Object.entries(init)) {
    Object.defineProperty(prototype, name, { get: () => value });
  }
  return Object.create(prototype) as object;
}
