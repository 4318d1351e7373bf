/** Width that output without a terminal is wrapped to, in characters. */
const defaultWidth = 100;

/** Widest line on a terminal, in characters: longer ones are hard to read. */
const maxWidth = 110;

/** Width for text on an output with that many columns. */
export function textWidth(columns: number | undefined): number {
  return Math.max(60, Math.min(columns ?? defaultWidth, maxWidth));
}

/** Breaks a text into lines of at most `width` characters, at spaces. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return line === "" ? lines : [...lines, line];
}

/**
 * Formats rows of a label and a text, the texts below each other and wrapped.
 *
 * @param emphasise - Styles a line of text once it is wrapped, since colours have a length and no width.
 */
export function textTable(
  rows: readonly (readonly [label: string, text: string, emphasise?: (line: string) => string])[],
  width: number,
): string[] {
  const labelWidth = Math.max(...rows.map(([label]) => label.length)) + 2;
  return rows.flatMap(([label, text, emphasise = (line: string) => line]) =>
    wrap(text, width - labelWidth - 2).map(
      (line, index) => `  ${(index === 0 ? label : "").padEnd(labelWidth)}${emphasise(line)}`,
    ),
  );
}
