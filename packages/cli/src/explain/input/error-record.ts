/** An error as plain data: from JSON, from a log, or from printed text. */
export interface ErrorRecord {
  readonly [field: string]: unknown;
}

/** Whether a value is an object with fields, and no array. */
export function isRecord(value: unknown): value is ErrorRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The first field that is a string with content; undefined for none. */
export function firstString(record: ErrorRecord, ...fields: string[]): string | undefined {
  for (const field of fields) {
    const value = record[field];
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}
