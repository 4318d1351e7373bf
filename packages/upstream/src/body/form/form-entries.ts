/** What of a file is sent; a Blob of whichever class. */
export interface FormFile {
  readonly name?: string;
  readonly type: string;
  /** In bytes; absent where a foreign class does not know it. */
  readonly size?: number;
  stream(): AsyncIterable<Uint8Array>;
}

/**
 * The entries of a form as they were when the call began: its owner may append to it while the call is under way.
 *
 * Files are not read: they cannot change.
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
