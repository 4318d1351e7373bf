import { firstString, isRecord, type ErrorRecord } from "./error-record.ts";
import { printedError } from "./printed-error.ts";

/** Fields under which loggers and platforms put an error: pino and bunyan, winston, ECS, Pino's older name. */
const errorFields = ["err", "error", "exception", "reason", "jsonPayload", "fields"] as const;

/** Most levels of wrapping that are looked through. */
const maxDepth = 8;

/**
 * Finds the error in a JSON value: the value itself, or a log record around it.
 *
 * @returns a record, or a text that is an error's words; null for neither.
 */
export function findError(value: unknown, depth = 0): ErrorRecord | string | null {
  if (typeof value === "string") return value.trim() === "" ? null : value;
  if (!isRecord(value) || depth > maxDepth) return null;
  const flat = flatRecord(value);
  if (flat !== null) return flat;
  if (looksLikeError(value) || isUpstreamError(value)) return value;
  for (const field of errorFields) {
    const inner = findError(value[field], depth + 1);
    if (inner !== null) return inner;
  }
  const words = firstString(value, "msg", "message", "textPayload", "log");
  if (words === undefined) return isEmptyRecord(value) ? null : codeOnly(value);
  return printedError(words) ?? words;
}

/** Whether a record has what only errors have. */
function looksLikeError(record: ErrorRecord): boolean {
  if (typeof record["stack"] === "string") return true;
  const hasMessage = typeof record["message"] === "string";
  const own = ["code", "cause", "errno", "syscall", "errors", "aggregateErrors", "ctor"];
  // A log record may have `error` and `message`, and a `code` of its own.
  return hasMessage && !errorFields.some((field) => isRecord(record[field])) && has(record, own);
}

/** Whether a record is an UpstreamError: `JSON.stringify` leaves out the message, and its `reason` is no error. */
function isUpstreamError({ code, failure }: ErrorRecord): boolean {
  return typeof code === "string" && code.startsWith("ERR_REISSUE_") && isRecord(failure);
}

/** An error that is spread over fields of its record: OpenTelemetry, ECS, AWS Lambda, Sentry. */
function flatRecord(record: ErrorRecord): ErrorRecord | null {
  const name = firstString(record, "exception.type", "error.type", "errorType");
  const message = firstString(record, "exception.message", "error.message", "errorMessage");
  if (name !== undefined || message !== undefined) {
    const stack = firstString(record, "exception.stacktrace", "error.stack_trace");
    return {
      ...record,
      name,
      message,
      stack: stack ?? linesOf(record["stack"] ?? record["trace"]),
    };
  }
  const trace = firstString(record, "stack_trace");
  if (trace !== undefined) return { ...record, name: record["type"], stack: trace };
  const exception = record["exception"];
  const values = isRecord(exception) ? exception["values"] : undefined;
  return Array.isArray(values) ? sentryChain(values) : null;
}

/** Sentry lists the innermost cause first. */
function sentryChain(values: readonly unknown[]): ErrorRecord | null {
  let error: ErrorRecord | null = null;
  for (const value of values.filter(isRecord)) {
    const cause: ErrorRecord = error === null ? {} : { cause: error };
    error = { name: value["type"], message: value["value"], ...cause };
  }
  return error;
}

function linesOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? value.join("\n") : undefined;
}

function codeOnly(record: ErrorRecord): ErrorRecord | null {
  return has(record, ["code", "name", "cause", "failure"]) ? record : null;
}

function has(record: ErrorRecord, fields: readonly string[]): boolean {
  return fields.some((field) => record[field] !== undefined);
}

function isEmptyRecord(record: ErrorRecord): boolean {
  return Object.keys(record).length === 0;
}
