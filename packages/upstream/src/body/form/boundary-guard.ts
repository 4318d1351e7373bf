/** Looks for a boundary in bytes that come piece by piece. */
export class BoundaryGuard {
  readonly #boundary: Buffer;
  /** The end of what has come, in which the boundary may have begun. */
  #tail: Uint8Array = new Uint8Array();

  constructor(boundary: string) {
    this.#boundary = Buffer.from(boundary);
  }

  /** Whether the boundary is whole with this piece. */
  finds(piece: Uint8Array): boolean {
    const most = this.#boundary.length - 1;
    const seam = Buffer.concat([this.#tail, piece.subarray(0, most)]);
    if (seam.includes(this.#boundary)) return true;
    this.#tail = piece.length < most ? seam.subarray(-most) : piece.slice(-most);
    return (
      piece.length > most &&
      Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).includes(this.#boundary)
    );
  }
}
