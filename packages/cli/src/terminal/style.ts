import { styleText } from "node:util";

import type { Output, Terminal } from "./terminal.ts";

/** Ways to emphasise a text; each returns it unchanged where colours are not shown. */
export interface Style {
  readonly heading: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly doubtful: (text: string) => string;
  readonly code: (text: string) => string;
  readonly quiet: (text: string) => string;
}

/** The style of an output: colours on a terminal that shows them, unless `NO_COLOR` is set. */
export function styleOf(output: Output, env: Terminal["env"]): Style {
  const coloured = output.isTTY === true && output.hasColors?.(env) === true;
  const style = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    coloured ? styleText(format, text, { validateStream: false }) : text;
  return {
    heading: style("bold"),
    good: style("green"),
    bad: style("red"),
    doubtful: style("yellow"),
    code: style("cyan"),
    quiet: style("dim"),
  };
}
