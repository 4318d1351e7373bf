import { describe, expect, test } from "vitest";

import { anchors, text } from "../repository/readme/markdown.ts";
import { rules, scenarios } from "./ops-files.ts";

const page = "docs/alerts.md";
const alerts = rules.filter(({ alert }) => alert !== undefined);
const names = alerts.map(({ alert }) => alert!);

/** The alerts that scenarios expect to fire. */
function expected(file?: string): string[] {
  return scenarios(file).flatMap((scenario) =>
    scenario.promql_expr_test.flatMap(({ exp_samples: samples }) =>
      samples.flatMap(({ labels }) => /^\{alertname="(\w+)"\}$/.exec(labels)?.[1] ?? []),
    ),
  );
}

describe("an alert", () => {
  test.each(alerts.map((rule) => [rule.alert!, rule] as const))(
    "%s has a severity, a text, and a section of docs/alerts.md as its runbook",
    (name, { labels, annotations }) => {
      expect(labels?.["severity"]).toMatch(/^(info|warning|critical)$/);
      expect(annotations?.["summary"]).toContain("$labels.job");
      expect(annotations?.["description"]).toContain("$value");
      const anchor = name.toLowerCase();
      const url = `https://github.com/reissue/reissue/blob/main/${page}#${anchor}`;
      expect(annotations?.["runbook_url"]).toBe(url);
      expect(anchors(page)).toContain(anchor);
    },
  );

  test("has a name of its own", () => {
    expect(new Set(names).size).toBe(names.length);
  });

  test("fires in a scenario", () => {
    expect(new Set(expected())).toEqual(new Set(names));
  });

  test("never fires for a healthy service", () => {
    expect(scenarios("healthy.yml").length).toBeGreaterThan(2);
    expect(expected("healthy.yml")).toEqual([]);
  });

  test("is described by docs/alerts.md only while it exists", () => {
    const sections = [...text(page).matchAll(/^### (Reissue\w+)$/gm)].map(([, name]) => name);
    expect(sections).toEqual(names);
  });
});
