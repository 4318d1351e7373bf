import { expect } from "vitest";

import { ask, type asked, type Message } from "../../support/raw-connection.ts";

const kept =
  /^(content-disposition|content-type|content-encoding|etag|link|location|retry-after|vary|trailer):/i;

/**
 * Asks without a key, with one, and with it again: the first two get the same from the wire, and the third the same
 * status, body, trailers and what is kept of the headers.
 *
 * @param differs - Lines that a key may change.
 */
export async function same(
  origin: string,
  request: NonNullable<Parameters<typeof asked>[0]> = {},
  differs: RegExp = /^$/,
): Promise<Message> {
  const keyed = { key: "k-1", ...request };
  const unkeyed = await ask(origin, { ...request, key: null });
  const first = await ask(origin, keyed);
  const second = await ask(origin, keyed);
  expect(without(differs, asSent(first))).toEqual(without(differs, asSent(unkeyed)));
  expect(second.replayed).toBe(true);
  const parts = ({ status, body, trailers }: Message): unknown => ({ status, body, trailers });
  expect(parts(second)).toEqual(parts(first));
  // What others have set by then, such as Vary, is there too.
  expect(second.lines).toEqual(
    expect.arrayContaining(first.lines.filter((line) => kept.test(line))),
  );
  return second;
}

/**
 * What came, as it was framed; from 24.22 on Node makes one chunk of what is written in a turn, and a held end comes in
 * another.
 */
function asSent(message: Message): Message {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const joinsChunks = major > 24 || (major === 24 && minor >= 22);
  return joinsChunks ? { ...message, framed: "" } : message;
}

function without(differs: RegExp, message: Message): Message {
  return { ...message, lines: message.lines.filter((line) => !differs.test(line)) };
}
