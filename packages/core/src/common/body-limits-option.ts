import { numberOption, objectOption, type OptionSpec } from "./option-table.ts";

/** How much of request bodies is kept for a resend, in bytes. */
export interface BodyLimits {
  /** Of one request. */
  readonly maxBytes: number;
  /** Of all requests together. */
  readonly maxBytesTotal: number;
}

const count = { min: 0, integer: true };

/**
 * Specifies the option `bodies`. The defaults are those of gRFC A6: 1 MiB for each RPC, 16 MiB in all.
 *
 * @param ofOne - What docs/options.md says of the limit of one request.
 * @param ofAll - What it says of the limit of all requests together.
 */
export function bodyLimitsOption(ofOne: string, ofAll: string): OptionSpec<BodyLimits> {
  const parts = {
    maxBytes: numberOption(2 ** 20, count, ofOne),
    maxBytesTotal: numberOption(2 ** 24, count, ofAll),
  };
  return objectOption<BodyLimits>(parts, "how much of request bodies is kept for a resend");
}
