import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { titlesOf, type Title } from "./titles.ts";
import { verbs } from "./verbs.ts";

const root = join(import.meta.dirname, "../../..");
const files = [...filesIn("test", /\.ts$/), ...filesIn("packages", /\/src\/.*\.test\.ts$/)];

/** Words that plain English has others for, and the field's own terms. */
const banned: readonly (readonly [RegExp, string])[] = [
  [/\b(whoever|whosoever|whomever|whom|whose-ever)\b/i, "the person or the thing"],
  [/\b(nobody|somebody|everybody|anybody|one's)\b/i, "the thing that does it"],
  [/\b(be it|were it|lest|befell|befalls?|thereof|whereupon|nought)\b/i, "a plain clause"],
  [/\banswer(s|ed|ing)?\b(?!-)/i, "response, respond"],
  [/\b(is|are|be|been) (not )?told( of)?\b/i, "report"],
  [/\b(?<!load |[\w-])balancers?\b/i, "load balancer"],
  [/\bclients? (that )?(leaves?|left|(has|is) (gone|left))\b/i, "the client disconnects"],
  [/\bunder way\b/i, "in flight, running"],
];

/** Words with which only the rest of a sentence begins. */
const fragment = /^(of|by|that|whose|who|which|and|but|nor|not|also|or|so|because|than|where)\b/i;

/** What is wrong with a title. */
function problems({ text, isSubject, isNested }: Pick<Title, "text" | "isSubject" | "isNested">) {
  const found = banned.flatMap(([word, instead]) => (word.test(text) ? [`write: ${instead}`] : []));
  if (/[.!]$/.test(text)) found.push("it ends with a period");
  if (/^(A|An|The|It|This|When|If|No|With) /.test(text)) found.push("it begins with a capital");
  if (isSubject) return found;
  const words = text.match(/%[.\d]*[a-zA-Z#]|\$[\w.{}]+|[\p{L}\d_]+(?:['’-][\p{L}\d]+)*/gu) ?? [];
  const isVerb = (word: string): boolean => verbs.has(word.toLowerCase());
  if (words.length < 3) found.push("it has fewer than three words");
  if (!words.some(isVerb)) found.push("it has no verb of verbs.ts");
  if (fragment.test(text)) found.push("it is the end of a sentence");
  if (!isNested && isVerb(words[0] ?? "")) found.push("it has no subject, and no describe has it");
  return found;
}

describe("the title of a test", () => {
  test.each([
    ["%s", false],
    ["503 with Retry-After, then 200", true],
    ["not after the deadline", true],
    ["by FIN, and never complete", true],
    ["remembers the highest value for ten seconds", false],
    ["a handler answers after its time", false],
    ["an item that nobody has asked for is dropped", false],
    ["it is another if any part is, be it by a single byte", false],
    ["one client that has left gets no response", true],
    ["the agent is told once", true],
    ["HAProxy is a balancer that repeats requests", false],
    ["The store rejects a second claim", true],
    ["the store rejects a second claim.", true],
  ])("is found wrong in %j", (text, isNested) => {
    expect(problems({ text, isSubject: false, isNested })).not.toEqual([]);
  });

  test.each([
    ["the peak is remembered for ten seconds", false],
    ["remembers the highest value for ten seconds", true],
    ["503 with Retry-After comes %i times before a 200", false],
    ["answer-then-close sends a whole response", false],
    ["the load balancer gets a 502", true],
  ])("is found right in %j", (text, isNested) => {
    expect(problems({ text, isSubject: false, isNested })).toEqual([]);
  });

  test("is a sentence in every file, and every describe names a subject", () => {
    expect(files.length).toBeGreaterThan(250);
    const wrong = files.flatMap((file) =>
      titlesOf(readFileSync(join(root, file), "utf8")).flatMap((title) => {
        const found = problems(title);
        return found.length === 0 ? [] : [`${file}:${title.line}: ${title.text}: ${found.join()}`];
      }),
    );
    expect(wrong).toEqual([]);
  });
});

/** Paths below a folder, from the root, that match. */
function filesIn(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => !/node_modules|\/(dist|build)\//.test(path))
    .map((path) => join(folder, path))
    .filter((path) => pattern.test(path));
}
