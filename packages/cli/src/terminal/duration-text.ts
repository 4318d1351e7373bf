/** A duration for people, such as `350 ms`, `5.01 s` or `2 min`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 600_000) return `${trimmed(ms / 1000)} s`;
  return ms < 7_200_000 ? `${trimmed(ms / 60_000)} min` : `${trimmed(ms / 3_600_000)} h`;
}

function trimmed(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1).replace(/\.?0+$/, "");
}
