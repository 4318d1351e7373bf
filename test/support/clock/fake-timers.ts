import type { vi } from "vitest";

type Faked = NonNullable<Parameters<typeof vi.useFakeTimers>[0]>;

/** Everything but microtasks and ticks, which Node's own streams and undici wait for. */
const all = [
  "setTimeout",
  "clearTimeout",
  "setInterval",
  "clearInterval",
  "setImmediate",
  "clearImmediate",
  "hrtime",
  "performance",
  "Date",
] as const;

/** What tests of an application fake, vitest's and jest's presets among them, as far as docs/recipes/testing.md goes. */
export const fakedTimers: readonly (readonly [string, Faked | undefined])[] = [
  ["vitest's preset", undefined],
  ["jest's preset without microtasks", { toFake: [...all] }],
  ["immediates alone", { toFake: ["setImmediate", "clearImmediate"] }],
  ["timeouts alone", { toFake: ["setTimeout", "clearTimeout", "performance"] }],
  ["a date of long ago", { toFake: ["Date"], now: 0 }],
];
