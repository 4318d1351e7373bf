import { readFileSync } from "node:fs";
import { inspect } from "node:util";

import { classify } from "@reissue/core";
import { describe, expect, test } from "vitest";

import { isRecord, type ErrorRecord } from "./input/error-record.ts";
import { rebuildError } from "./input/rebuild-error.ts";
import { subjectsOf } from "./subjects.ts";

interface Row {
  readonly lib: string;
  readonly mode: string;
  readonly status: number | null;
  readonly processed: "no" | "maybe";
  readonly err: ErrorRecord;
}

const corpus = new URL("../../../../test/corpus/error-shapes.jsonl", import.meta.url);
const rows = readFileSync(corpus, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Row);

/** Rows that only the sender can tell from others; core's own test of the corpus lists them. */
const ambiguous =
  /^(node-http (header|body)_timeout|(node-http-opt|axios) connect_timeout|axios body_timeout|axios sigtimeout_\w+)$/;

function explained(text: string) {
  const [subject, ...more] = subjectsOf(text);
  expect(more).toEqual([]);
  expect(subject?.failure, text).toBeDefined();
  return subject!.failure!;
}

describe("the 273 recorded errors", () => {
  test("all are there", () => expect(rows).toHaveLength(273));

  test.each(rows.map((row) => [`${row.lib} ${row.mode}`, row] as const))(
    "%s is explained as it was recorded",
    (name, row) => {
      const failure = explained(JSON.stringify(row.err));
      if (!ambiguous.test(name)) expect(failure.status).toBe(row.status);
      if (row.processed === "maybe") expect(failure.delivery).not.toBe("unsent");

      // In a log record, and as console.error prints it.
      expect(explained(JSON.stringify({ level: 50, msg: "failed", err: row.err }))).toEqual(
        failure,
      );
      const printed = explained(inspect(rebuildError(row.err), { depth: 8 }));
      expect([printed.kind, printed.code]).toEqual([failure.kind, failure.code]);
      if (row.processed === "maybe") expect(printed.delivery).not.toBe("unsent");
    },
  );

  test("every error is rebuilt as it was thrown", () => {
    for (const { err } of rows) {
      const error = rebuildError(err);
      expect(error.message).toBe(err["message"] ?? "");
      expect(error.name).toBe(err["name"] ?? err["ctor"]);
      if (isRecord(err["cause"])) expect(error.cause).toBeInstanceOf(Error);
      expect(classify(error).kind).not.toBe("unknown");
    }
  });
});
