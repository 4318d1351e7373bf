/** Metrics in Prometheus' text format, as one compares them. */
export interface Exposition {
  /** Type of each metric, by its name. */
  readonly types: Readonly<Record<string, string>>;
  /** Value of each series, by its name with its labels in order. */
  readonly series: Readonly<Record<string, number>>;
}

/** Reads the metrics of Reissue out of Prometheus' text format; an empty label is none, as in Prometheus. */
export function parseExposition(text: string): Exposition {
  const types: Record<string, string> = {};
  const series: Record<string, number> = {};
  for (const line of text.split("\n")) {
    const [, metric, type] = /^# TYPE (reissue_\S+) (\S+)$/.exec(line) ?? [];
    if (metric !== undefined && type !== undefined) types[metric] = type;
    const [, name, labels = "", value] = /^(reissue_\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name !== undefined) series[`${name}{${ordered(labels)}}`] = Number(value);
  }
  return { types, series };
}

function ordered(labels: string): string {
  const all = labels.match(/\w+="(?:[^"\\]|\\.)*"/g) ?? [];
  return all
    .filter((label) => !label.endsWith('=""'))
    .toSorted()
    .join(",");
}
