import { createHash, hash, type Hash } from "node:crypto";
import { BadRequest } from "./request-head.ts";

const maxLineBytes = 4096;
const lineFeed = 10;

/**
 * Reads one request body from a connection: counts its bytes, hashes them, and stores them while they are few.
 *
 * Chunked framing is removed first, so that count and hash are those of the content.
 */
export class RequestBody {
  /** Content bytes so far. */
  bytes: number = 0;
  /** Whether the last byte of the body has been read. */
  done: boolean = false;
  #hash: Hash | null = null;
  #chunks: Buffer[] = [];
  readonly #keepBytes: number;
  readonly #chunked: boolean;
  /** Content bytes to come: of the body, or of the current chunk. */
  #remaining: number;
  #part: "size" | "data" | "data-end" | "trailer" = "size";
  #line = "";

  constructor(length: number | "chunked", keepBytes: number) {
    this.#chunked = length === "chunked";
    this.#remaining = length === "chunked" ? 0 : length;
    this.done = length === 0;
    this.#keepBytes = keepBytes;
  }

  /** SHA-256 of the content so far, in hex; ends the hashing. */
  digest(): string {
    const running = this.#hash;
    this.#hash = null;
    return running === null ? hash("sha256", this.content() ?? "") : running.digest("hex");
  }

  /** The content; null when it is larger than may be stored. */
  content(): Buffer | null {
    if (this.bytes > this.#keepBytes) return null;
    return this.#chunks.length === 1 ? (this.#chunks[0] ?? null) : Buffer.concat(this.#chunks);
  }

  /**
   * Reads further bytes; those after the body's end belong to the next request.
   *
   * @returns the number of bytes of `data` that belong to the body.
   * @throws {@link BadRequest} on broken chunked framing.
   */
  push(data: Buffer): number {
    let at = 0;
    while (at < data.length && !this.done) {
      if (!this.#chunked || this.#part === "data") {
        const size = Math.min(this.#remaining, data.length - at);
        this.#take(size === data.length ? data : data.subarray(at, at + size));
        at += size;
        this.#remaining -= size;
        if (this.#remaining > 0) continue;
        if (this.#chunked) this.#part = "data-end";
        else this.done = true;
      } else {
        const end = data.indexOf(lineFeed, at);
        const stop = end === -1 ? data.length : end + 1;
        this.#line += data.toString("latin1", at, stop);
        at = stop;
        if (this.#line.length > maxLineBytes) throw new BadRequest("chunk line too long");
        if (end !== -1) this.#endLine();
      }
    }
    return at;
  }

  #take(content: Buffer): void {
    this.bytes += content.length;
    if (this.bytes <= this.#keepBytes) {
      this.#chunks.push(content);
      return;
    }
    // A running hash costs three times as much as hashing a small body at once.
    this.#hash ??= createHash("sha256");
    for (const chunk of this.#chunks) this.#hash.update(chunk);
    this.#chunks = [];
    this.#hash.update(content);
  }

  #endLine(): void {
    const line = this.#line.replace(/\r?\n$/, "");
    this.#line = "";
    if (this.#part === "size") {
      const size = /^([0-9a-fA-F]{1,12})\s*(;.*)?$/.exec(line);
      if (size === null) throw new BadRequest("malformed chunk size");
      this.#remaining = Number.parseInt(size[1] ?? "0", 16);
      this.#part = this.#remaining === 0 ? "trailer" : "data";
    } else if (this.#part === "data-end") {
      if (line !== "") throw new BadRequest("chunk longer than its size");
      this.#part = "size";
    } else if (line === "") {
      this.done = true;
    }
  }
}
