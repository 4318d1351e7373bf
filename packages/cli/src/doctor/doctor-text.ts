import type { Style } from "../terminal/style.ts";
import { textTable } from "../terminal/text-table.ts";
import type { DoctorReport } from "./examine-server.ts";
import type { Finding } from "./findings.ts";

const labels: Readonly<Record<Finding["state"], string>> = {
  good: "good",
  bad: "change",
  doubtful: "look at",
};

/** Prints a report as text of at most `width` characters a line. */
export function doctorText(report: DoctorReport, style: Style, width: number): string {
  const { url, findings, fix } = report;
  const colours = { good: style.good, bad: style.bad, doubtful: style.doubtful };
  const rows = findings.map(({ state, text }) => [labels[state], text, colours[state]] as const);
  const lines = [style.heading(url), "", ...textTable(rows, width)];
  if (fix.length > 0) {
    lines.push(
      "",
      "What changes that:",
      "",
      ...fix.map((line) => (line === "" ? line : `  ${style.code(line)}`)),
    );
  }
  return `${lines.join("\n")}\n`;
}
