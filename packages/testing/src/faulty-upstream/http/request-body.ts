import { createHash, hash, type Hash } from "node:crypto";
import { BadRequest } from "./request-head.ts";

const MAX_LINE = 4096;
const LF = 10;

/**
 * Reads one request body off a connection: counts it, hashes it and keeps it while it is small.
 *
 * Chunked framing is taken off first, so count and hash are of the content.
 */
export class RequestBody {
  /** Content bytes so far. */
  bytes: number = 0;
  /** True once the last byte of the body has been read. */
  done: boolean = false;
  #hash: Hash | null = null;
  #kept: Buffer[] = [];
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

  /** The content, or null when it outgrew what is kept. */
  content(): Buffer | null {
    if (this.bytes > this.#keepBytes) return null;
    return this.#kept.length === 1 ? (this.#kept[0] ?? null) : Buffer.concat(this.#kept);
  }

  /**
   * Reads on; what is left of `data` after the body's end belongs to the next request.
   *
   * @returns how many bytes of `data` were the body's.
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
        const end = data.indexOf(LF, at);
        const stop = end === -1 ? data.length : end + 1;
        this.#line += data.toString("latin1", at, stop);
        at = stop;
        if (this.#line.length > MAX_LINE) throw new BadRequest("chunk line too long");
        if (end !== -1) this.#endLine();
      }
    }
    return at;
  }

  #take(content: Buffer): void {
    this.bytes += content.length;
    if (this.bytes <= this.#keepBytes) {
      this.#kept.push(content);
      return;
    }
    // A running hash costs three times what hashing a small body at once does.
    this.#hash ??= createHash("sha256");
    for (const kept of this.#kept) this.#hash.update(kept);
    this.#kept = [];
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
