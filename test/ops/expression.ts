import type { SyntaxNodeRef } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

/** A selector of an expression. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

/** A condition on a label. */
interface Matcher {
  readonly label: string;
  /** Values that it names, those of an alternation one by one. */
  readonly values: readonly string[];
}

/** The names that an expression of PromQL uses. */
export interface Expression {
  readonly selectors: readonly Selector[];
  /** Labels by which values are grouped or matched. */
  readonly grouping: readonly string[];
}

/**
 * Reads the names in an expression, in which Grafana's variables may stand for durations and values.
 *
 * @throws for what is not PromQL.
 */
export function parse(text: string): Expression {
  const code = text.replaceAll(/\$__(rate_interval|interval|range)/g, "5m");
  const selectors: Selector[] = [];
  const grouping: string[] = [];
  parser.parse(code).iterate({
    enter(node) {
      const source = code.slice(node.from, node.to);
      if (node.type.isError) throw new Error(`not PromQL at ${node.from}: ${code}`);
      if (node.name === "VectorSelector") selectors.push(selector(node, code));
      if (node.name === "GroupingLabels") grouping.push(...(source.match(/\w+/g) ?? []));
    },
  });
  return { selectors, grouping };
}

function selector(node: SyntaxNodeRef, code: string): Selector {
  const name = node.node.getChild("Identifier");
  if (name === null) throw new Error(`a selector without a metric: ${code}`);
  const list = node.node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? [];
  const matchers = list.map((matcher) => {
    const [, label = "", value = ""] =
      /^(\w+)\s*(?:=~|!~|!=|=)\s*"(.*)"$/.exec(code.slice(matcher.from, matcher.to)) ?? [];
    return { label, values: value.startsWith("$") ? [] : value.split("|") };
  });
  return { metric: code.slice(name.from, name.to), matchers };
}
