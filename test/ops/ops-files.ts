import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parse as parseYaml } from "yaml";

const ops = join(import.meta.dirname, "../../ops");

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
}

/** A recording rule or an alert. */
export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface ScenarioFile {
  readonly tests: readonly Scenario[];
}

/** A case of `promtool test rules`. */
export interface Scenario {
  readonly name: string;
  readonly input_series: readonly { readonly series: string }[];
  readonly promql_expr_test: readonly {
    readonly expr: string;
    readonly exp_samples: readonly { readonly labels: string }[];
  }[];
}

/** A panel of the dashboard. */
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly datasource: { readonly uid: string };
  }[];
}

/** The dashboard, as far as tests look at it. */
export interface Dashboard {
  readonly id: null;
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly __inputs: readonly {
    readonly name: string;
    readonly type: string;
    readonly pluginId: string;
  }[];
  readonly __requires: readonly { readonly type: string; readonly id: string }[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: { readonly query: string } }[];
  };
  readonly panels: readonly Panel[];
}

/** Paths of the rule files. */
export const ruleFiles: readonly string[] = ["recording.rules.yml", "alerts.rules.yml"].map(
  (name) => join(ops, "prometheus", name),
);

/** Paths of the files of scenarios. */
export const scenarioFiles: readonly string[] = readdirSync(join(ops, "prometheus/tests")).map(
  (name) => join(ops, "prometheus/tests", name),
);

/** Every rule, in the order in which they are evaluated. */
export const rules: readonly Rule[] = ruleFiles.flatMap((path) =>
  (yaml(path) as RuleFile).groups.flatMap((group) => group.rules),
);

/** Every scenario, of all files or of one. */
export function scenarios(file = ""): Scenario[] {
  return scenarioFiles
    .filter((path) => path.endsWith(file))
    .flatMap((path) => (yaml(path) as ScenarioFile).tests);
}

export const dashboard = JSON.parse(
  readFileSync(join(ops, "grafana/dashboard.json"), "utf8"),
) as Dashboard;

function yaml(path: string): unknown {
  return parseYaml(readFileSync(path, "utf8"));
}
