import { describe, expect, test } from "vitest";

import { blocks, pages, text } from "../repository/readme/markdown.ts";
import { unknownNames } from "./names.ts";
import { dashboard, rules, scenarios } from "./ops-files.ts";

/** The expressions of the pages: those of `promql` blocks, and those of tables with a column "in PromQL". */
const onPages = pages().flatMap((page) => [
  ...blocks(page)
    .filter(({ language }) => language === "promql")
    .map(({ code }) => [page, code] as const),
  ...[...text(page).matchAll(/^\|[^\n]*\| in PromQL +\|\n((?:\|.*\n)+)/gm)].flatMap(
    ([, rows = ""]) =>
      [...rows.matchAll(/\| `([^`]+)` *\|$/gm)].map(([, code = ""]) => [page, code] as const),
  ),
]);

describe("names in an expression", () => {
  test.each([
    ["sum(rate(reissue_nothing_total[5m]))", "reissue_nothing_total"],
    ["origin:reissue_nothing:rate5m > 0", "origin:reissue_nothing:rate5m"],
    [`reissue_races_total{reissue_reason="reset"}`, "reissue_races_total{reissue_reason}"],
    [
      `reissue_resends_total{reissue_reason=~"reset|bad-luck"}`,
      `reissue_resends_total{reissue_reason="bad-luck"}`,
    ],
    [
      `reissue_breakers{reissue_breaker_state="ajar"}`,
      `reissue_breakers{reissue_breaker_state="ajar"}`,
    ],
    ["sum by (job, reissue_phase) (reissue_breakers)", "by reissue_phase"],
    ["reissue_failure_idle_seconds", "reissue_failure_idle_seconds"],
  ])("are found in %s if they do not exist", (expression, unknown) => {
    expect(unknownNames(expression)).toEqual([unknown]);
  });

  test("cannot be read from what is not PromQL", () => {
    expect(() => unknownNames("sum by (job (reissue_breakers)")).toThrow("not PromQL");
  });

  test.each(rules.map(({ record, alert, expr }) => [record ?? alert, expr]))(
    "exist in the rule %s",
    (_, expr) => {
      expect(unknownNames(expr)).toEqual([]);
    },
  );

  test.each(
    dashboard.panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr, refId }) => [title, refId, expr]),
    ),
  )("exist in the panel %s, query %s", (_title, _id, expr) => {
    expect(unknownNames(expr)).toEqual([]);
  });

  test.each(dashboard.templating.list.map(({ name, query }) => [name, query.query]))(
    "exist in the variable %s",
    (name, query) => {
      const [, expression = "", label] = /^label_values\((.*), (\w+)\)$/.exec(query) ?? [];
      expect(label).toBe(name);
      expect(unknownNames(`sum by (${label}) (${expression})`)).toEqual([]);
    },
  );

  test.each(onPages)("exist on the page %s in %s", (_, expression) => {
    expect(unknownNames(expression)).toEqual([]);
  });

  test("exist in every series and expectation of a scenario", () => {
    const all = scenarios();
    const series = all.flatMap((scenario) => scenario.input_series.map((input) => input.series));
    const expected = all.flatMap((scenario) => scenario.promql_expr_test.map(({ expr }) => expr));
    const checked = [...series, ...expected.filter((expr) => !expr.includes("ALERTS"))];
    expect(checked.length).toBeGreaterThan(50);
    expect(checked.flatMap(unknownNames)).toEqual([]);
  });

  test("are looked for on at least two pages", () => {
    expect(new Set(onPages.map(([page]) => page)).size).toBeGreaterThanOrEqual(2);
  });
});
