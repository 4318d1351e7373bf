import { describe, expect, test } from "vitest";

import { dashboard, type Panel } from "./ops-files.ts";

const { panels } = dashboard;
const input = "${DS_PROMETHEUS}";

/** Columns of Grafana's grid. */
const columns = 24;

function overlap({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

describe("the dashboard", () => {
  test("asks for its data source when it is imported, and nothing else", () => {
    expect(dashboard.__inputs).toMatchObject([
      { name: "DS_PROMETHEUS", type: "datasource", pluginId: "prometheus" },
    ]);
    const uids = JSON.stringify(dashboard).match(/"uid":"[^"]*"/g);
    expect(new Set(uids)).toEqual(new Set([`"uid":"${input}"`, `"uid":"reissue"`]));
  });

  test("has no id, so that importing it creates a dashboard", () => {
    expect(dashboard.id).toBeNull();
    expect(dashboard.title).toBe("Reissue");
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(38);
  });

  test("declares every kind of panel that it uses", () => {
    const used = panels.map(({ type }) => type).filter((type) => type !== "row");
    const declared = dashboard.__requires.filter(({ type }) => type === "panel");
    expect(new Set(used)).toEqual(new Set(declared.map(({ id }) => id)));
  });

  test("gives every panel an id of its own and a title", () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(panels.filter(({ title }) => title === "")).toEqual([]);
  });

  test("places every panel within the grid, and none on another", () => {
    for (const { gridPos, title } of panels) {
      const { x, y, w, h } = gridPos;
      expect(Math.min(x, y), title).toBeGreaterThanOrEqual(0);
      expect(Math.min(w, h), title).toBeGreaterThan(0);
      expect(x + w, title).toBeLessThanOrEqual(columns);
    }
    const pairs = panels.flatMap((a, index) => panels.slice(index + 1).map((b) => [a, b] as const));
    const wrong = pairs.filter(([a, b]) => overlap(a, b)).map(([a, b]) => [a.title, b.title]);
    expect(wrong).toEqual([]);
  });

  test.each(
    panels.filter(({ type }) => type !== "row").map((panel) => [panel.title, panel] as const),
  )(
    "says what %s shows, and asks the imported data source",
    (_, { description = "", datasource, targets = [] }) => {
      expect(description.length).toBeGreaterThan(10);
      expect(datasource?.uid).toBe(input);
      expect(targets.length).toBeGreaterThan(0);
      expect(targets.filter((target) => target.datasource.uid !== input)).toEqual([]);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    },
  );
});
