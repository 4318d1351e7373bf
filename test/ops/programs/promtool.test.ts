import { spawnSync } from "node:child_process";
import { basename } from "node:path";

import { describe, expect, test } from "vitest";

import { find } from "../../../scripts/debian.js";
import { ruleFiles, scenarioFiles } from "../ops-files.ts";

/** Runs promtool, and returns what it said if it found something wrong. */
function complaints(...args: readonly string[]): string {
  const path = find("promtool");
  if (path === null) throw new Error("promtool is missing: apt-get install prometheus");
  const { status, stdout, stderr } = spawnSync(path, args, { encoding: "utf8" });
  return status === 0 ? "" : `${stdout}${stderr}`;
}

describe("promtool", () => {
  test("accepts the rules", () => {
    expect(complaints("check", "rules", "--lint-fatal", ...ruleFiles)).toBe("");
  });

  test.each(scenarioFiles.map((path) => [basename(path), path] as const))(
    "gets the results that %s expects",
    (_, path) => {
      expect(complaints("test", "rules", path)).toBe("");
    },
  );
});
