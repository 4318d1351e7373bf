/** Renders a number with separators: integers from 10 on, two digits below. */
export function inWords(value: number): string {
  const digits = value >= 10 || value === 0 ? 0 : 2;
  if (digits === 0) return Math.round(value).toLocaleString("en");
  return Number(value.toPrecision(digits)).toLocaleString("en", { maximumSignificantDigits: 2 });
}

/** Renders a duration by its two largest units, such as `2 h 5 min`. */
export function durationInWords(seconds: number): string {
  if (!Number.isFinite(seconds)) return "never";
  if (seconds < 1) return `${inWords(seconds * 1_000)} ms`;
  if (seconds < 60) return `${inWords(seconds)} s`;
  const units: readonly [string, number][] = [
    ["d", 86_400],
    ["h", 3_600],
    ["min", 60],
  ];
  const at = units.findIndex(([, length]) => seconds >= length);
  const [name, length] = units[at] ?? ["min", 60];
  const [smaller, smallerLength] = units[at + 1] ?? ["s", 1];
  const whole = Math.floor(seconds / length);
  const rest = Math.floor((seconds % length) / smallerLength);
  return rest === 0 ? `${whole} ${name}` : `${whole} ${name} ${rest} ${smaller}`;
}

/** Renders a share as a percentage, to two digits. */
export function percentInWords(share: number): string {
  const percent = share * 100;
  if (percent === 0) return "0 %";
  const text = percent.toLocaleString("en", { maximumSignificantDigits: 2, useGrouping: false });
  return `${text} %`;
}
