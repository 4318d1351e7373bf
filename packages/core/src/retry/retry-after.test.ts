import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { maxTimerMs } from "../common/option.ts";
import { parseRetryAfter } from "./retry-after.ts";

const now = Date.UTC(2026, 6, 1, 12, 0, 0);
const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** The three formats of RFC 9110 §5.6.7, from Date's own accessors. */
function formats(date: Date): { imf: string; rfc850: string; asctime: string } {
  const imf = date.toUTCString();
  const [, day = "", month = "", year = "", time = ""] = imf.split(" ");
  const name = days[date.getUTCDay()] ?? "";
  return {
    imf,
    rfc850: `${name}, ${day}-${month}-${year.slice(2)} ${time} GMT`,
    asctime: `${name.slice(0, 3)} ${month} ${String(date.getUTCDate()).padStart(2)} ${time} ${year}`,
  };
}

describe("a value in seconds", () => {
  test.each([
    ["0", 0],
    ["1", 1000],
    ["007", 7000],
    ["120", 120_000],
    ["99999999999999999999", maxTimerMs],
    ["9".repeat(5000), maxTimerMs],
  ])("%s is read as milliseconds", (value, ms) => {
    expect(parseRetryAfter(value, now)).toBe(ms);
  });

  test("any whole number of seconds is a thousand times as many milliseconds, up to the maximum", () => {
    fc.assert(
      fc.property(fc.nat(), (seconds) => {
        const ms = parseRetryAfter(String(seconds), now);
        expect(ms).toBe(Math.min(seconds * 1000, maxTimerMs));
      }),
    );
  });
});

describe("a value with a date", () => {
  test.each([
    ["Wed, 01 Jul 2026 12:00:30 GMT", 30_000],
    ["Wednesday, 01-Jul-26 12:00:30 GMT", 30_000],
    ["Wed Jul  1 12:00:30 2026", 30_000],
    ["Wed Jul 01 12:00:30 2026", 30_000],
    ["Wed, 01 Jul 2026 12:00:60 GMT", 60_000], // a leap second
    ["Sun, 06 Nov 1994 08:49:37 GMT", 0],
    ["Sunday, 06-Nov-94 08:49:37 GMT", 0],
    ["Sun Nov  6 08:49:37 1994", 0],
    ["Thu, 01 Jan 0070 00:00:00 GMT", 0],
    ["Fri, 31 Dec 9999 23:59:59 GMT", maxTimerMs],
    ["Wed, 01 Jul 2026 12:00:00 GMT", 0],
  ])("%s is read as the time until then", (value, ms) => {
    expect(parseRetryAfter(value, now)).toBe(ms);
  });

  test("all three formats of a date mean the same date", () => {
    const instants = fc.date({
      min: new Date(now),
      max: new Date(now + maxTimerMs),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instants, (instant) => {
        instant.setUTCMilliseconds(0);
        const ms = Math.max(0, instant.getTime() - now);
        for (const value of Object.values(formats(instant))) {
          expect(parseRetryAfter(value, now)).toBe(ms);
        }
      }),
    );
  });

  test("a two-digit year is never more than 50 years ahead", () => {
    // In 2099 "00" is next year; in 2026 "77" was 49 years ago, and "76" is in 50 years.
    const in2099 = Date.UTC(2099, 11, 31, 23, 59, 59);
    expect(parseRetryAfter("Friday, 01-Jan-00 00:00:09 GMT", in2099)).toBe(10_000);
    expect(parseRetryAfter("Friday, 01-Jul-77 12:00:00 GMT", now)).toBe(0);
    expect(parseRetryAfter("Wednesday, 01-Jul-76 12:00:00 GMT", now)).toBe(maxTimerMs);
    expect(parseRetryAfter("Wednesday, 01-Jul-76 12:00:01 GMT", now)).toBe(0);
  });
});

describe("a value that cannot be obeyed", () => {
  test.each([
    "",
    " ",
    "-1",
    "+1",
    "1.5",
    "1e3",
    "0x10",
    " 5",
    "5 ",
    "5\n",
    "5,5",
    "5s",
    "٥",
    "Infinity",
    "NaN",
    "tomorrow",
    "2026-07-01T12:00:30Z",
    "1 Jul 2026",
    "Wed, 1 Jul 2026 12:00:30 GMT",
    "Wed, 01 Jul 2026 12:00:30 UTC",
    "Wed, 01 Jul 2026 12:00:30 +0000",
    "Wed, 01 Jul 2026 12:00:30",
    "wed, 01 jul 2026 12:00:30 gmt",
    "Wed 01 Jul 2026 12:00:30 GMT",
    "Wed, 31 Jun 2026 12:00:30 GMT",
    "Wed, 00 Jul 2026 12:00:30 GMT",
    "Mon, 29 Feb 2027 12:00:30 GMT",
    "Wed, 01 Jul 2026 24:00:00 GMT",
    "Wed, 01 Jul 2026 12:60:00 GMT",
    "Wed, 01 Jul 2026 12:00:61 GMT",
    "Wed, 01-Jul-26 12:00:30 GMT",
    "Wednesday, 01-Jul-2026 12:00:30 GMT",
    "Wed Jul 1 12:00:30 2026",
    "Wed Jul  1 12:00:30 26",
    "Wed Jul  1 12:00:30 2026 GMT",
    "Wed, 01 Jul 2026 12:00:30 GMT, Wed, 01 Jul 2026 12:00:30 GMT",
  ])("%j is null", (value) => {
    expect(parseRetryAfter(value, now)).toBeNull();
  });

  test("a missing header is null", () => {
    expect(parseRetryAfter(undefined, now)).toBeNull();
  });
});

test("repeated lines count only if they agree", () => {
  expect(parseRetryAfter(["5"], now)).toBe(5000);
  expect(parseRetryAfter(["5", "05", "Wed, 01 Jul 2026 12:00:05 GMT"], now)).toBe(5000);
  expect(parseRetryAfter(["5", "6"], now)).toBeNull();
  expect(parseRetryAfter(["5", "soon"], now)).toBeNull();
  expect(parseRetryAfter(["soon", "soon"], now)).toBeNull();
  expect(parseRetryAfter([], now)).toBeNull();
});

test("the result is null or fits a timer, whatever the value and the time are", () => {
  const anything = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[0-9.+-]{1,400}$/),
    fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    fc.date({ noInvalidDate: true }).map((date) => formats(date).rfc850),
  );
  fc.assert(
    fc.property(fc.oneof(anything, fc.array(anything)), fc.nat(8.64e15), (value, wallNowMs) => {
      const ms = parseRetryAfter(value, wallNowMs);
      expect(ms === null || (Number.isInteger(ms) && ms >= 0 && ms <= maxTimerMs)).toBe(true);
    }),
  );
});
