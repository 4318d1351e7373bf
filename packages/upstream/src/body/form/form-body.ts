import type { Body, SentUnder } from "../body.ts";
import { slices } from "../slices.ts";
import type { Chunk } from "../source/source.ts";
import { BoundaryGuard } from "./boundary-guard.ts";
import { boundaryPrefix, derivedBoundary } from "./form-boundary.ts";
import { encodeForm, formLength, type FormParts } from "./form-encoding.ts";
import type { FormEntries } from "./form-entries.ts";

/** Form that is encoded once for all attempts. */
export class FormBody implements Body {
  readonly replayable = true;
  readonly #entries: FormEntries;
  #boundary = "";
  /** Whether the boundary can be guessed, so that files have to be searched for it. */
  #guarded = false;
  #parts: FormParts = [];
  /** Number of the present attempt. */
  #attempt = 0;
  #failure: { readonly error: unknown } | null = null;

  constructor(entries: FormEntries) {
    this.#entries = entries;
  }

  get contentType(): string {
    return `multipart/form-data; boundary=${this.#boundary}`;
  }

  get contentLength(): number | null {
    return formLength(this.#parts);
  }

  send({ idempotencyKey }: SentUnder): unknown {
    this.stop();
    if (this.#boundary === "") this.#encode(idempotencyKey);
    const [first] = this.#parts;
    return this.#parts.length === 1 ? first : this.#read(this.#attempt);
  }

  failedWith(error: unknown): boolean {
    return this.#failure !== null && this.#failure.error === error;
  }

  stop(): void {
    this.#attempt += 1;
  }

  release(): void {
    this.stop();
    this.#parts = [];
  }

  #encode(key: string | null): void {
    this.#guarded = key !== null;
    this.#boundary =
      key === null ? boundaryPrefix + crypto.randomUUID() : derivedBoundary(key, this.#entries);
    this.#parts = encodeForm(this.#entries, this.#boundary);
  }

  async *#read(attempt: number): AsyncGenerator<Chunk> {
    for (const part of this.#parts) {
      for await (const chunk of part instanceof Uint8Array ? [part] : this.#file(part.stream())) {
        for (const slice of slices(chunk)) {
          // Undici writes the last chunk of a body wherever it ends, so a body that is cut short must fail, not end.
          if (attempt !== this.#attempt) throw new Error("the form is not sent on in this attempt");
          yield slice;
        }
      }
    }
  }

  async *#file(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const guard = new BoundaryGuard(this.#boundary);
    try {
      for await (const chunk of chunks) {
        if (this.#guarded && guard.finds(chunk))
          throw new TypeError("A file of the form contains the boundary");
        yield chunk;
      }
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
}
