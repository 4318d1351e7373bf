import { firstString, isRecord, type ErrorRecord } from "./error-record.ts";
import { printedError } from "./printed-error.ts";
import { recoverCode } from "../words/client-words.ts";

/** Fields that hold wrapped errors, as core's classifier reads them. */
const causeFields = ["cause", "originalError", "original", "lastNodeError", "jse_cause"];
const listFields = ["errors", "aggregateErrors"];

/** What serializers write for an object that they leave out, such as `[IncomingMessage]` and `[object Object]`. */
const placeholder = /^\[(?:object )?[A-Z]\w*(?:: [^\]]*)?\]$/;

/** Most errors of a chain. */
const maxDepth = 16;

/** Brand by which every copy of `@reissue/core` knows its errors. */
const brand = Symbol.for("reissue.error");

/**
 * Creates the error that a record was made from, wrapped errors included, so that it can be classified as if it had been
 * caught here.
 */
export function rebuildError(record: ErrorRecord, depth = 0): Error {
  const { fields, message } = withStack(record);
  const className = firstString(fields, "type", "ctor", "name") ?? "Error";
  const error = new (classNamed(className))(message);
  const name = firstString(fields, "name", "type");
  if (name !== undefined && name !== error.name) define(error, "name", name);
  for (const [field, value] of Object.entries(fields)) {
    if (!["name", "message", "stack", "ctor", "type"].includes(field)) {
      define(error, listFields.includes(field) ? "errors" : field, revive(field, value, depth));
    }
  }
  const code = fields["code"] ?? recoverCode(message);
  if (code !== undefined && code !== null) define(error, "code", code);
  if (typeof code === "string" && code.startsWith("ERR_REISSUE_")) define(error, brand, true);
  return error;
}

/** Fills in what only the stack says: the class, the message without its causes' (pino joins them), and the causes. */
function withStack(record: ErrorRecord): { fields: ErrorRecord; message: string } {
  const printed = printedError(firstString(record, "stack") ?? "");
  const message = firstString(record, "message", "msg") ?? "";
  if (printed === null) return { fields: record, message };
  const own = firstString(printed, "message") ?? "";
  const isJoined = message === "" || message.startsWith(`${own}: `);
  const fields = { ...printed, ...withoutEmpty(record) };
  return { fields, message: isJoined ? own : message };
}

/** A serializer that does not know an error writes its cause as `{}`. */
function withoutEmpty(record: ErrorRecord): ErrorRecord {
  return Object.fromEntries(
    Object.entries(record).filter(([, value]) => {
      return !isRecord(value) || Object.keys(value).length > 0;
    }),
  );
}

function revive(field: string, value: unknown, depth: number): unknown {
  if (listFields.includes(field) && Array.isArray(value)) {
    return value.slice(0, maxDepth).map((each) => revive("cause", each, depth));
  }
  if (causeFields.includes(field) && depth < maxDepth) {
    if (isRecord(value)) return rebuildError(value, depth + 1);
    if (typeof value === "string") return rebuildError({ message: value }, depth + 1);
  }
  if (value === "[undefined]") return undefined;
  return typeof value === "string" && placeholder.test(value) ? {} : value;
}

/** A class of that name, since the classifier reads the name of the error and of its class. */
function classNamed(name: string): ErrorConstructor {
  if (name === "Error") return Error;
  const named = class extends Error {};
  Object.defineProperty(named, "name", { value: name });
  Object.defineProperty(named.prototype, "name", { value: name, writable: true });
  return named as unknown as ErrorConstructor;
}

function define(error: Error, key: PropertyKey, value: unknown): void {
  const enumerable = key !== "cause" && key !== "errors" && key !== "name";
  Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable });
}
