import { type Fault, headerValue } from "@reissue/testing";
import { UpstreamError, type Upstream } from "@reissue/upstream";
import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import {
  bodyKinds,
  letters,
  sentSha256,
  sha256,
  type BodyKind,
} from "../../support/upstream/body-kinds.ts";
import { impatient } from "../../support/upstream/client.ts";

const mebibyte = 1 << 20;
const small = [0, 1, 65_536].map(letters);
const full = letters(mebibyte);
const over = letters(mebibyte + 1);

const deaths: readonly Fault[] = [
  { fault: "reset" },
  { fault: "reset", at: "body-end" },
  { fault: "end" },
];
const combinations = [true, false].flatMap((reused) => deaths.map((fault) => ({ reused, fault })));

/** Everything on small bodies; on large ones each death once, on a reused socket or on a fresh one. */
function* cells(
  contents: readonly Buffer[],
): Generator<{ content: Buffer } & (typeof combinations)[0]> {
  for (const content of contents) {
    for (const [index, each] of combinations.entries()) {
      if (content.length < mebibyte || index % 2 === 0) yield { content, ...each };
    }
  }
}

const kinds: readonly (BodyKind & { readonly contents: readonly Buffer[] })[] = [
  { name: "absent", stream: false, type: null, make: () => undefined, contents: small.slice(0, 1) },
  ...bodyKinds.map((kind) => ({ ...kind, contents: [...small, full, over] })),
  ...bodyKinds.map((kind) => ({
    ...kind,
    name: `factory of a ${kind.name}`,
    stream: false,
    make: (content: Buffer) => () => kind.make(content),
    contents: [...small, over],
  })),
];

async function statusOf(
  upstream: Upstream,
  way: string,
  url: string,
  init: object,
): Promise<number> {
  if (way === "upstream.request()") {
    const { statusCode, body } = await upstream.request(url, init);
    await body.dump();
    return statusCode;
  }
  const response = await upstream(url, { ...init, duplex: "half" });
  await response.text();
  return response.status;
}

describe.each(["upstream()", "upstream.request()"])("a body through %s", (way) => {
  test.each(kinds)("$name is whole when it is sent again", async (kind) => {
    const server = await opened({ keepBodyBytes: 2 * mebibyte });
    for (const { content, reused, fault } of cells(kind.contents)) {
      const upstream = impatient();
      const cell = JSON.stringify([content.length, reused, fault]);
      if (reused) await statusOf(upstream, way, server.origin, {});
      server.clear();
      server.script([fault]);
      const init = { method: "PUT", body: kind.make(content) };
      const outcome = await statusOf(upstream, way, server.origin, init).catch((error) => error);
      const processed = server.requests.filter((request) => request.processed);
      if (kind.stream && content === over && outcome !== 200) {
        // More than can be recorded: refused, and nothing done.
        expect(outcome, cell).toBeInstanceOf(UpstreamError);
        expect(outcome, cell).toMatchObject({ reason: "body-not-replayable" });
        expect(processed, cell).toEqual([]);
        expect(server.requests, cell).toHaveLength(1);
      } else {
        expect(outcome, cell).toBe(200);
        expect(server.requests, cell).toHaveLength(2);
        expect(processed, cell).toHaveLength(1);
        expect(sentSha256(processed[0]!), cell).toBe(sha256(content));
        const type = headerValue(processed[0]!.headers, "content-type");
        if (kind.type !== null) expect(type, cell).toMatch(kind.type);
      }
      await upstream.dispatcher.destroy();
    }
  });
});
