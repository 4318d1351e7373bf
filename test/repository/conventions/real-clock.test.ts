import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");
const files = [...filesIn("test", /\.[jt]s$/), ...filesIn("packages", /\/src\/.*\.test\.ts$/)];

/** Longest distance in lines between a comment and the wait that it explains: a statement of several lines. */
const reach = 3;

describe("a wait on the real clock", () => {
  test.each([
    "await new Promise((resolve) => setTimeout(resolve, 20));",
    "const timer = setInterval(poll, 5);",
    `import { setTimeout as pause } from "node:timers/promises";\nawait pause(20);`,
    `import { scheduler } from "node:timers/promises";\nawait scheduler.wait(20);`,
    "while (performance.now() < endsAt);",
    "while (Date.now() < endsAt) await turn();",
    "Atomics.wait(cell, 0, 0, 60);",
    `await client.query("SELECT pg_sleep(0.1)");`,
  ])("is found in %s", (code) => {
    expect(unexplained(code)).toHaveLength(1);
    expect(unexplained(code.replace(/^(?!import)/m, "// real time: the kernel's\n$&"))).toEqual([]);
  });

  test.each([
    "clock.setTimeout(expire, 20);",
    "socket.setTimeout(20);",
    "await clock.advance(20);",
    "const tookMs = performance.now() - startedAtMs;",
    "// setTimeout(resolve, 20)",
  ])("is not found in %s", (code) => {
    expect(unexplained(code)).toEqual([]);
  });

  test("has a reason in every test file", () => {
    expect(files.length).toBeGreaterThan(100);
    const missing = files
      .filter((file) => join(root, file) !== import.meta.filename)
      .flatMap((file) =>
        unexplained(readFileSync(join(root, file), "utf8")).map((line) => `${file}:${line}`),
      );
    expect(missing).toEqual([]);
  });
});

/** Paths below a folder, from the root, that match. */
function filesIn(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => !path.includes("node_modules"))
    .map((path) => join(folder, path))
    .filter((path) => pattern.test(path));
}

/** Numbers of the lines that wait on the real clock without a `real time: <why>` on them or just above. */
function unexplained(code: string): number[] {
  const waits = waitPattern(code);
  const lines = code.split("\n");
  return lines.flatMap((line, index) => {
    if (/^\s*(\/\/|\/?\*)/.test(line) || !waits.test(line)) return [];
    const near = lines.slice(Math.max(0, index - reach), index + 1).join("\n");
    return /real time: \S/.test(near) ? [] : [index + 1];
  });
}

/** Matches a line that waits: by a global timer, by whatever the file calls Node's promised timers, or by blocking. */
function waitPattern(code: string): RegExp {
  const timers = new Set(["setTimeout", "setInterval"]);
  for (const [, names = ""] of code.matchAll(/import \{([^}]*)\} from "node:timers\/promises"/g)) {
    for (const [, name = "", alias = name] of names.matchAll(/(\w+)(?: as (\w+))?/g)) {
      if (name !== "setImmediate") timers.add(name === "scheduler" ? `${alias}\\.wait` : alias);
    }
  }
  // A method of that name is a clock's or a socket's; a class that has one declares it with a type.
  return new RegExp(
    `(?<![.\\w])(?:${[...timers].join("|")})\\((?!\\w+:)` +
      String.raw`|while \(.*(?:performance|Date)\.now\(\)|Atomics\.wait|pg_sleep`,
  );
}
