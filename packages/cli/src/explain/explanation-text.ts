import type { Style } from "../terminal/style.ts";
import { textTable, wrap } from "../terminal/text-table.ts";
import type { Explanation } from "./explanation.ts";
import type { ResendRow } from "./resend-table.ts";

/** Prints an explanation as text of at most `width` characters a line. */
export function explanationText(explanation: Explanation, style: Style, width: number): string {
  const { title, summary, fate, resend, resendIfReused, balancers, doubt, links } = explanation;
  const lines = [style.heading(title), ...wrap(summary, width)];
  const section = (heading: string, content: readonly string[]): void => {
    if (content.length > 0) lines.push("", style.heading(heading), ...content);
  };
  section("The request", fate === "" ? [] : wrap(fate, width - 2).map((line) => `  ${line}`));
  section("May it be sent again?", resendLines(resend, style, width));
  section(
    "And if its connection had served a request before, and died at once: the keep-alive race",
    resendLines(resendIfReused, style, width),
  );
  section(
    "What a load balancer does, if this happens to it",
    balancers.length === 0
      ? []
      : textTable(
          balancers.map(({ balancer, text }) => [balancer, text] as const),
          width,
        ),
  );
  if (doubt !== "") lines.push("", ...wrap(doubt, width).map(style.doubtful));
  if (links.length > 0) lines.push("", ...links.map(style.quiet));
  return `${lines.join("\n")}\n`;
}

function resendLines(rows: readonly ResendRow[], style: Style, width: number): string[] {
  if (rows.length === 0) return [];
  return textTable(
    rows.map(
      ({ requests, text, resend }) => [requests, text, resend ? style.good : style.bad] as const,
    ),
    width,
  );
}
