import { maxTimerMs } from "../common/option.ts";

const dayNames = "Mon|Tue|Wed|Thu|Fri|Sat|Sun";
const longDayNames = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday";
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const month = `(?<month>${months.join("|")})`;
const time = "(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})";

/** IMF-fixdate, RFC 850 and asctime, which recipients must accept (RFC 9110 §5.6.7); case-sensitive. */
const dateFormats: readonly RegExp[] = [
  new RegExp(`^(?:${dayNames}), (?<day>\\d{2}) ${month} (?<year>\\d{4}) ${time} GMT$`),
  new RegExp(`^(?:${longDayNames}), (?<day>\\d{2})-${month}-(?<year>\\d{2}) ${time} GMT$`),
  new RegExp(`^(?:${dayNames}) ${month} (?<day>\\d{2}| \\d) ${time} (?<year>\\d{4})$`),
];

/**
 * Parses a Retry-After header (RFC 9110 §10.2.3): milliseconds to wait, at most {@link maxTimerMs}.
 *
 * The limit exists because a longer timer would fire immediately. A date in the past is 0. Null means that the header
 * cannot be obeyed: it is missing, it is neither whole seconds nor an HTTP date, or its lines disagree.
 *
 * @param value - Field value as an HTTP parser gives it, without surrounding whitespace; its lines where the header was
 *   repeated.
 * @param wallNowMs - Milliseconds since the Unix epoch, for dates.
 */
export function parseRetryAfter(
  value: string | readonly string[] | undefined,
  wallNowMs: number,
): number | null {
  if (value === undefined) return null;
  if (typeof value === "string") return parseLine(value, wallNowMs);
  const waits = new Set(value.map((line) => parseLine(line, wallNowMs)));
  const [first] = waits;
  return waits.size === 1 ? (first ?? null) : null;
}

function parseLine(line: string, wallNowMs: number): number | null {
  if (/^\d+$/.test(line)) return Math.min(Number(line) * 1000, maxTimerMs);
  const dateMs = parseHttpDate(line, wallNowMs);
  return dateMs === null ? null : Math.min(Math.max(0, dateMs - wallNowMs), maxTimerMs);
}

/**
 * Parses an HTTP date to milliseconds since the Unix epoch; null for any other text. `Date.parse` would accept "1",
 * "tomorrow 1" and 31 Feb.
 */
function parseHttpDate(text: string, wallNowMs: number): number | null {
  for (const format of dateFormats) {
    const groups = format.exec(text)?.groups;
    if (groups === undefined) continue;
    const part = (name: string): number => Number(groups[name]);
    const [hour, minute, second] = [part("hour"), part("minute"), part("second")];
    // 60 is a leap second. The day of the week is not checked: the rest of the date is sufficient.
    if (hour > 23 || minute > 59 || second > 60) return null;
    const monthIndex = months.indexOf(groups["month"] ?? "");
    const ofDayMs = ((hour * 60 + minute) * 60 + second) * 1000;
    const at = (year: number): number | null => {
      const dayMs = utcDay(year, monthIndex, part("day"));
      return dayMs === null ? null : dayMs + ofDayMs;
    };
    return format === dateFormats[1]
      ? nearestCentury(part("year"), at, wallNowMs)
      : at(part("year"));
  }
  return null;
}

/** Start of a day in UTC; null for a day that does not exist. */
function utcDay(year: number, monthIndex: number, day: number): number | null {
  // Not Date.UTC, which maps the years 0 to 99 to 1900 to 1999. A day beyond the end of a month falls into the next.
  const date = new Date(0);
  date.setUTCFullYear(year, monthIndex, day);
  return date.getUTCMonth() === monthIndex ? date.getTime() : null;
}

/** Resolves a two-digit year to the latest one that is at most 50 years ahead (RFC 9110 §5.6.7). */
function nearestCentury(
  year: number,
  at: (year: number) => number | null,
  wallNowMs: number,
): number | null {
  const thisYear = new Date(wallNowMs).getUTCFullYear();
  const limitMs = new Date(wallNowMs).setUTCFullYear(thisYear + 50);
  const century = thisYear - (thisYear % 100);
  for (const candidate of [century + 100 + year, century + year, century - 100 + year]) {
    const dateMs = at(candidate);
    if (dateMs !== null && dateMs <= limitMs) return dateMs;
  }
  return null;
}
