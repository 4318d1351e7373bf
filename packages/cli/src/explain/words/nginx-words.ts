import { failureOf, failureSpecs, type FailureSpec } from "@reissue/core/internal";

import type { Subject } from "../subject.ts";

/** What nginx was doing, as the end of its message says it (src/http/ngx_http_upstream.c, `log->action`). */
const actions: Readonly<Record<string, "connect" | "tls" | "send" | "header" | "body">> = {
  "connecting to upstream": "connect",
  "SSL handshaking to upstream": "tls",
  "sending request to upstream": "send",
  "reading response header from upstream": "header",
  "reading upstream": "body",
  "sending to client": "body",
};

type Action = (typeof actions)[string];

/** What happened, and what it means in each phase. */
const events: readonly (readonly [text: RegExp, by: Readonly<Record<Action, FailureSpec>>])[] = [
  [
    /connect\(\) failed \(111: |\(61: Connection refused/,
    {
      connect: failureSpecs.refused,
      tls: failureSpecs.refused,
      send: failureSpecs.reset,
      header: failureSpecs.reset,
      body: failureSpecs.cut,
    },
  ],
  [
    /\((?:113|101|100|112): /,
    {
      connect: failureSpecs.unroutable,
      tls: failureSpecs.unroutable,
      send: failureSpecs.reset,
      header: failureSpecs.reset,
      body: failureSpecs.cut,
    },
  ],
  [
    /upstream timed out/,
    {
      connect: failureSpecs.connectTimeout,
      tls: { kind: "timeout", phase: "tls" },
      send: failureSpecs.responseTimeout,
      header: failureSpecs.responseTimeout,
      body: failureSpecs.bodyTimeout,
    },
  ],
  [
    /prematurely closed connection|\((?:104|32|54): |peer closed connection|connection reset/i,
    {
      connect: failureSpecs.connectReset,
      tls: failureSpecs.handshakeReset,
      send: failureSpecs.reset,
      header: failureSpecs.reset,
      body: failureSpecs.cut,
    },
  ],
];

/** Messages that mean one thing only. */
const others: readonly (readonly [text: RegExp, spec: FailureSpec, meaning: string])[] = [
  [
    /client (?:\S+ )?prematurely closed connection/,
    failureSpecs.aborted,
    "The client disconnected before nginx had responded; nginx logs status 499.",
  ],
  [
    /no live upstreams/,
    failureSpecs.noConnection,
    "nginx takes every server of the upstream for down (max_fails, 1 failure in 10 s by default), and has tried none.",
  ],
  [
    /host not found in upstream|could not be resolved|no resolver defined/,
    failureSpecs.resolver,
    "nginx cannot resolve the name of the upstream.",
  ],
  [
    /upstream SSL certificate (?:verify error|does not match)/,
    failureSpecs.certificate,
    "nginx rejects the certificate of the upstream (proxy_ssl_verify).",
  ],
  [
    /SSL_do_handshake\(\) failed/,
    failureSpecs.handshake,
    "The TLS handshake between nginx and the upstream failed.",
  ],
  [
    /upstream sent (?:no valid HTTP|invalid|too big|unexpected|duplicate|unsupported)/,
    failureSpecs.badResponse,
    "nginx cannot read the response; a header that is too big needs a larger proxy_buffer_size.",
  ],
];

/** Reads a message of nginx' error log about an upstream; null for any other text. */
export function nginxSubject(text: string): Subject | null {
  for (const [pattern, spec, meaning] of others) {
    const found = pattern.exec(text);
    if (found !== null) return subject(text, found.index, spec, meaning);
  }
  const action = /\bwhile ([\w ]+)/.exec(text)?.[1] ?? "";
  const phase = Object.entries(actions).find(([words]) => action.startsWith(words))?.[1];
  for (const [pattern, by] of events) {
    const found = pattern.exec(text);
    if (found === null) continue;
    if (phase !== undefined) return subject(text, found.index, by[phase]);
    // nginx' own words, quoted without their end.
    if (found[0].startsWith("upstream ") || text.includes("upstream prematurely")) {
      return subject(text, found.index, by.header);
    }
  }
  return null;
}

function subject(text: string, index: number, spec: FailureSpec, meaning?: string): Subject {
  const start = text.lastIndexOf(": *", index);
  const from = start === -1 ? Math.max(0, text.lastIndexOf("\n", index) + 1) : start + 2;
  const words =
    text
      .slice(from)
      .replace(/^\*\d+ /, "")
      .split(/, client: |\n/)[0] ?? text;
  const failure = failureOf(spec, null);
  return { speaker: "nginx", title: words.trim(), failure, ...(meaning && { meaning }) };
}
