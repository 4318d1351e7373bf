import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { styleOf } from "../terminal/style.ts";
import { explanationOf } from "./explanation.ts";
import { explanationText } from "./explanation-text.ts";
import { subjectsOf } from "./subjects.ts";
import { ownCodes } from "./words/own-codes.ts";

function explain(text: string) {
  return subjectsOf(text).map(explanationOf)[0]!;
}

/** Whether GET, POST, and POST with a key may be sent again. */
function resends(text: string): readonly boolean[] {
  return explain(text).resend.map(({ resend }) => resend);
}

test.each([
  ["connect ECONNREFUSED 127.0.0.1:1", [true, true, true]],
  ["REFUSED_STREAM NGHTTP2_REFUSED_STREAM", [true, true, true]],
  ["ECONNRESET", [true, false, true]],
  ["ERR_REISSUE_UPSTREAM_STALE", [true, false, true]],
  ["SH--", [true, false, true]],
  ["503", [true, false, true]],
  ["UND_ERR_HEADERS_TIMEOUT", [false, false, false]],
  ["CERT_HAS_EXPIRED", [false, false, false]],
  ["TypeError: terminated", [false, false, false]],
  ["This operation was aborted", [false, false, false]],
  ["500", [false, false, false]],
])("%s is explained with what may be sent again", (text, expected) =>
  expect(resends(text)).toEqual(expected),
);

test("a reset may be the keep-alive race, and a timeout or a refused connection may not", () => {
  expect(explain("ECONNRESET").resendIfReused.map(({ text }) => text)).toEqual([
    "yes, at once, on a fresh connection",
    "no: it may have been processed",
    "yes, at once, on a fresh connection",
  ]);
  for (const text of ["ECONNREFUSED", "UND_ERR_HEADERS_TIMEOUT", "CERT_HAS_EXPIRED"]) {
    expect(explain(text).resendIfReused).toEqual([]);
  }
});

describe("Reissue's own codes", () => {
  const source = readFileSync(
    new URL("../../../core/src/common/reissue-error.ts", import.meta.url),
    "utf8",
  );
  const misuse = readFileSync(
    new URL("../../../../docs/troubleshooting.md", import.meta.url),
    "utf8",
  );
  const [, union = ""] = /export type ErrorCode =([^;]*);/.exec(source) ?? [];
  const codes = [...union.matchAll(/"(\w+)"/g)].map(([, code = ""]) => code);

  test("are all explained by docs/errors.md", () => {
    expect(codes.length).toBeGreaterThan(15);
    expect(ownCodes.toSorted()).toEqual(codes.toSorted());
  });

  test.each(codes)("%s has a summary and links", (code) => {
    const { speaker, summary, links } = explain(code);
    expect(speaker).toBe("reissue");
    expect(summary).toMatch(/^[A-Z].{30,}[.:]$/);
    expect(summary).not.toMatch(/\]\(|\*\*/);
    expect(links[0]).toMatch(new RegExp(`/docs/errors\\.md#${code.toLowerCase()}$`));
    expect(explain(`UpstreamError: it failed (${code})`).title).toContain(code);
  });

  test("warnings have a summary and a link too", () => {
    const codes = [...misuse.matchAll(/^### (WARN_REISSUE_\w+)$/gm)].map(([, code = ""]) => code);
    expect(codes.length).toBeGreaterThan(6);
    for (const code of codes) {
      const { speaker, summary, links } = explain(`(node:7) [${code}] ReissueWarning: told`);
      expect([speaker, links.length]).toEqual(["reissue", 1]);
      expect(summary, code).toMatch(/^`[a-z]\w+`[.,] .{30,}/);
      expect(links[0]).toMatch(new RegExp(`/docs/troubleshooting\\.md#${code.toLowerCase()}$`));
    }
  });

  test("an unknown code is not recognised", () => {
    expect(subjectsOf("ERR_REISSUE_NOT_A_CODE")).toEqual([]);
  });
});

test("the text fits its width", () => {
  const style = styleOf({} as never, {});
  for (const text of ["ECONNRESET", "SH--", "UC", "503", "ERR_REISSUE_OPTION", "ECONNREFUSED"]) {
    const lines = explanationText(explain(text), style, 80).split("\n");
    const tooLong = lines.filter((line) => line.length > 80 && !line.startsWith("https:"));
    expect(tooLong.filter((line) => !line.startsWith("And if its connection"))).toEqual([]);
  }
});
