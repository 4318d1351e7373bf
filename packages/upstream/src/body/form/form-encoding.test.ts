import fc from "fast-check";
import { expect, test } from "vitest";

import { encodeForm, formLength } from "./form-encoding.ts";
import { FormEntries } from "./form-entries.ts";

const text = fc
  .array(fc.constantFrom("a", "é", "\r", "\n", "\r\n", '"', "%", ";", "\u{1f600}", "\0"), {
    maxLength: 5,
  })
  .map((pieces) => pieces.join(""));
const file = fc.record({ name: text, content: text, type: fc.constantFrom("", "text/csv") });
const entries = fc.array(fc.tuple(text, fc.oneof(text, file)), { maxLength: 4 });

function formOf(
  list: readonly [string, string | { name: string; content: string; type: string }][],
): FormData {
  const form = new FormData();
  for (const [name, value] of list) {
    if (typeof value === "string") form.append(name, value);
    else form.append(name, new File([value.content], value.name, { type: value.type }));
  }
  return form;
}

async function encoded(
  form: FormData,
  boundary: string,
): Promise<{ text: string; length: number | null }> {
  const parts = encodeForm(new FormEntries(form), boundary);
  const blob = new Blob(parts as Blob[]);
  return { text: await blob.text(), length: formLength(parts) };
}

test("a form is encoded as the platform encodes it", async () => {
  await fc.assert(
    fc.asyncProperty(entries, async (list) => {
      const form = formOf(list);
      const platform = new Response(form);
      const boundary = platform.headers.get("content-type")!.split("boundary=")[1]!;
      const bytes = new Uint8Array(await platform.arrayBuffer());
      const { text: own, length } = await encoded(form, boundary);
      expect(own).toBe(Buffer.from(bytes).toString());
      expect(length).toBe(bytes.length);
    }),
    { numRuns: 150 },
  );
});

test("the length is unknown if one file does not know its own", () => {
  const foreign = { stream: () => new Blob(["a"]).stream(), type: "", name: "a" };
  const parts = encodeForm(new FormEntries([["f", foreign]]), "b");
  expect(formLength(parts)).toBeNull();
});
