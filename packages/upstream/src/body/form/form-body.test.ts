import { expect, test } from "vitest";

import { derivedBoundary } from "./form-boundary.ts";
import { FormBody } from "./form-body.ts";
import { FormEntries } from "./form-entries.ts";

function entriesOf(text: string, file?: Blob): FormEntries {
  const form = new FormData();
  form.append("note", text);
  if (file !== undefined) form.append("file", file, "a.txt");
  return new FormEntries(form);
}

async function sent(body: FormBody, idempotencyKey: string | null): Promise<string> {
  const given = body.send({ idempotencyKey }) as Uint8Array | AsyncIterable<Uint8Array>;
  if (given instanceof Uint8Array) return Buffer.from(given).toString();
  const chunks: Uint8Array[] = [];
  for await (const chunk of given) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test("a form with a key is always sent as the same bytes, and another form has another boundary", async () => {
  const file = new Blob(["abc"]);
  const one = await sent(new FormBody(entriesOf("a", file)), '"k-1"');
  expect(await sent(new FormBody(entriesOf("a", new Blob(["abc"]))), '"k-1"')).toBe(one);
  const boundaries = [
    derivedBoundary('"k-1"', entriesOf("a")),
    derivedBoundary('"k-1"', entriesOf("b")),
    derivedBoundary('"k-2"', entriesOf("a")),
    derivedBoundary('"k-1"', entriesOf("a", file)),
  ];
  expect(new Set(boundaries).size).toBe(4);
  for (const boundary of boundaries) expect(boundary).toMatch(/^----formdata-reissue-[\w-]{22}$/);
});

test("a form without a key is sent under its own boundary, the same for all attempts", async () => {
  const [one, other] = [new FormBody(entriesOf("a")), new FormBody(entriesOf("a"))];
  const first = await sent(one, null);
  expect(await sent(one, null)).toBe(first);
  expect(await sent(other, null)).not.toBe(first);
});

test.each([1, 7, 41, 42, 43, 100, 10_000])(
  "a file that contains the boundary is not sent on in pieces of %i bytes",
  async (size) => {
    const key = '"k-1"';
    const boundary = derivedBoundary(key, entriesOf("a", new Blob([])));
    const forged = Buffer.from(
      `${"x".repeat(90)}\r\n--${boundary}\r\nContent-Disposition: form-data; name="role"\r\n\r\nadmin`,
    );
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < forged.length; at += size) yield forged.subarray(at, at + size);
    }
    const file = { name: "a.txt", type: "", size: forged.length, stream: pieces };
    const body = new FormBody(new FormEntries([["note", "a"], ["file", file]])); // prettier-ignore
    const error = await sent(body, key).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect(body.failedWith(error)).toBe(true);
    // Nobody can know one that is random.
    expect(await sent(new FormBody(new FormEntries([["file", file]])), null)).toContain("admin");
  },
);

test("a text cannot contain the boundary, since the boundary depends on it", () => {
  let text = "a";
  for (let tries = 0; tries < 50; tries += 1) {
    const boundary = derivedBoundary('"k-1"', entriesOf(text));
    expect(text).not.toContain(boundary);
    text = `${text}\r\n--${boundary}\r\n`;
  }
});

test("the body of the previous attempt ends with an error", async () => {
  const body = new FormBody(entriesOf("a", new Blob(["abc"])));
  const request = { idempotencyKey: null };
  const first = body.send(request) as AsyncGenerator<Uint8Array>;
  await first.next();
  body.send(request);
  await expect(first.next()).rejects.toThrow(/not sent on/);
});
