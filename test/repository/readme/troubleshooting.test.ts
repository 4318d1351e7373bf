import { expect, test } from "vitest";

import { anchors, text } from "./markdown.ts";

const table = text("packages/core/src/misuse/misuse-check.ts");
const checks = [...table.matchAll(/^ {2}(\w+): "(WARN_\w+)",$/gm)];

test("every warning about misuse has its anchor, and a section that names its check", () => {
  const page = text("docs/troubleshooting.md");
  const described = anchors("docs/troubleshooting.md").filter((each) => each.startsWith("warn_"));
  expect(described.toSorted()).toEqual(
    checks.map(([, , code = ""]) => code.toLowerCase()).toSorted(),
  );
  for (const [, name, code] of checks) expect(page).toContain(`### ${code}\n\n\`${name}\``);
});
