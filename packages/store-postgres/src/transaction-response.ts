import { OptionError, type StoredResponse, type Field } from "@reissue/core";
import { checkKeys, checkNumber, describe } from "@reissue/core/internal";

/** The response of a transaction's work, in the form that is convenient to write. */
export interface TransactionResponse {
  /** A status from 200 to 599. @defaultValue 200 */
  readonly status?: number | undefined;
  /** Headers; those that belong to one connection or one caller, such as Set-Cookie, are refused. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Text and bytes are sent as they are, other values as JSON; undefined is an empty body. Without a Content-Type among
   * the headers, text is `text/plain`, bytes are `application/octet-stream`, and JSON is `application/json`.
   */
  readonly body?: string | Uint8Array | object | number | boolean | null | undefined;
}

/** Headers that Node sets itself, or that a retry must never get. */
const refused: ReadonlySet<string> = new Set([
  "authorization",
  "connection",
  "content-length",
  "cookie",
  "date",
  "keep-alive",
  "set-cookie",
  "set-cookie2",
  "transfer-encoding",
  "upgrade",
]);

const fieldName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** RFC 9110 §5.5, without the characters that Node refuses. */
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Converts a response to the form in which it is stored and sent.
 *
 * @throws {@link OptionError} with the path of the first wrong value, before anything is committed.
 */
export function transactionResponse(input: TransactionResponse): StoredResponse {
  checkKeys(input, "answer", ["status", "headers", "body"]);
  const status = checkNumber(input.status, "answer.status", 200, {
    min: 200,
    max: 599,
    integer: true,
  });
  const { bytes, type } = content(input.body);
  const headers = Object.entries(input.headers ?? {}).map(field);
  const hasType = headers.some(([name]) => name.toLowerCase() === "content-type");
  if (type !== null && !hasType) headers.push(["Content-Type", type]);
  return { status, headers, trailers: [], body: bytes };
}

function field([name, value]: [string, unknown]): Field {
  const path = `answer.headers[${JSON.stringify(name)}]`;
  if (!fieldName.test(name)) throw new OptionError(path, "is not the name of a header");
  if (refused.has(name.toLowerCase())) {
    throw new OptionError(
      path,
      "cannot be stored for other requests: set it on the response itself",
    );
  }
  if (typeof value !== "string" || !fieldValue.test(value)) {
    throw new OptionError(path, `must be the text of a header, got ${describe(value)}`);
  }
  return [name, value];
}

function content(body: unknown): { readonly bytes: Uint8Array; readonly type: string | null } {
  if (body === undefined) return { bytes: new Uint8Array(), type: null };
  if (typeof body === "string") {
    return { bytes: Buffer.from(body), type: "text/plain; charset=utf-8" };
  }
  // A copy: the caller cannot change it between the store and the response.
  if (body instanceof Uint8Array) {
    return { bytes: Buffer.from(body), type: "application/octet-stream" };
  }
  const json = JSON.stringify(body) as string | undefined;
  if (json === undefined) throw new OptionError("answer.body", "cannot be written as JSON");
  return { bytes: Buffer.from(json), type: "application/json; charset=utf-8" };
}
