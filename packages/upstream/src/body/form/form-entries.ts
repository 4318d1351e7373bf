/** File of a form; a Blob of any implementation. */
export interface FormFile {
  readonly name?: string;
  readonly type: string;
  /** In bytes; absent in classes that do not know it. */
  readonly size?: number;
  stream(): AsyncIterable<Uint8Array>;
}

/**
 * Entries of a form as of the start of the call: the caller may append to its form while the call is under way.
 *
 * Files are not read, since they cannot change.
 */
export class FormEntries {
  readonly [Symbol.toStringTag] = "FormData";
  readonly #entries: readonly (readonly [name: string, value: string | FormFile])[];

  constructor(form: Iterable<[string, unknown]>) {
    this.#entries = Array.from(form, ([name, value]) => [
      name,
      isFile(value) ? value : String(value),
    ]);
  }

  [Symbol.iterator](): Iterator<readonly [string, string | FormFile]> {
    return this.#entries[Symbol.iterator]();
  }
}

function isFile(value: unknown): value is FormFile {
  return (
    typeof value === "object" &&
    value !== null &&
    "stream" in value &&
    typeof value.stream === "function"
  );
}
