import {
  labelTable,
  metricTable,
  prometheusLabel,
  prometheusName,
  type MetricLabel,
} from "@reissue/core/internal";

import { text } from "../repository/readme/markdown.ts";
import { parse, type Expression, type Selector } from "./expression.ts";
import { rules } from "./ops-files.ts";

/** Labels that Prometheus gives to every series. */
const ofTarget = ["job", "instance"];

/** Labels of every series, by its name: those of the metrics, and those that the recording rules write. */
const series: ReadonlyMap<string, ReadonlySet<string>> = allSeries();

/** Values of the labels that have few. */
const labelValues: ReadonlyMap<string, readonly string[]> = new Map([
  ...(Object.keys(labelTable) as MetricLabel[]).flatMap((label) => {
    const { values } = labelTable[label];
    return values === null ? [] : [[prometheusLabel(label), values] as const];
  }),
  ["reissue_reason", reasons()],
]);

/** What is wrong with the names of an expression: series, labels and values of labels that do not exist. */
export function unknownNames(expression: string): string[] {
  const { selectors, grouping } = parse(expression);
  const labels = labelsOf(selectors);
  return [
    ...selectors.flatMap(unknownInSelector),
    ...grouping.filter((label) => !labels.has(label)).map((label) => `by ${label}`),
  ];
}

function reasons(): string[] {
  const [, table = ""] = text("docs/decision-table.md").split("## Reasons");
  return [...table.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, reason]) => reason!);
}

function unknownInSelector({ metric, matchers }: Selector): string[] {
  const labels = series.get(metric);
  if (labels === undefined) return [metric];
  return matchers.flatMap(({ label, values }) => {
    if (!labels.has(label)) return [`${metric}{${label}}`];
    const known = labelValues.get(label);
    const unknown = values.filter((value) => known !== undefined && !known.includes(value));
    return unknown.map((value) => `${metric}{${label}="${value}"}`);
  });
}

function labelsOf(selectors: Expression["selectors"]): Set<string> {
  return new Set(selectors.flatMap(({ metric }) => [...(series.get(metric) ?? [])]));
}

function allSeries(): Map<string, ReadonlySet<string>> {
  const found = new Map<string, ReadonlySet<string>>();
  for (const spec of Object.values(metricTable)) {
    const labels = [...ofTarget, ...spec.labels.map(prometheusLabel)];
    const name = prometheusName(spec);
    if (spec.type === "histogram") {
      found.set(`${name}_bucket`, new Set([...labels, "le"]));
      for (const part of ["sum", "count"]) found.set(`${name}_${part}`, new Set(labels));
    } else found.set(name, new Set(labels));
  }
  for (const { record, expr } of rules) {
    if (record === undefined) continue;
    const { selectors, grouping } = parse(expr);
    const recorded = selectors.filter(({ metric }) => metric.includes(":"));
    found.set(
      record,
      new Set([...grouping, ...recorded.flatMap(({ metric }) => [...(found.get(metric) ?? [])])]),
    );
  }
  return found;
}
