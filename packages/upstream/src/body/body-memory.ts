/** Memory that all recorded bodies of one client share, in bytes. */
export class BodyMemory {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes held now. */
  get used(): number {
    return this.#used;
  }

  /** Reserves bytes; false when there are not enough left. */
  reserve(bytes: number): boolean {
    if (this.#used + bytes > this.#limit) return false;
    this.#used += bytes;
    return true;
  }

  /** Returns reserved bytes. */
  free(bytes: number): void {
    this.#used -= bytes;
  }
}
