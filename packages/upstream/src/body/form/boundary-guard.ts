/** Finds a boundary in bytes that arrive piece by piece. */
export class BoundaryGuard {
  readonly #boundary: Buffer;
  /** End of the bytes so far, in which the boundary may begin. */
  #tail: Uint8Array = new Uint8Array();

  constructor(boundary: string) {
    this.#boundary = Buffer.from(boundary);
  }

  /** Whether the boundary is complete with this piece. */
  finds(piece: Uint8Array): boolean {
    const overlap = this.#boundary.length - 1;
    const seam = Buffer.concat([this.#tail, piece.subarray(0, overlap)]);
    if (seam.includes(this.#boundary)) return true;
    this.#tail = piece.length < overlap ? seam.subarray(-overlap) : piece.slice(-overlap);
    return (
      piece.length > overlap &&
      Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).includes(this.#boundary)
    );
  }
}
