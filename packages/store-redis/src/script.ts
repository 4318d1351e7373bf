import { createHash } from "node:crypto";

/** A Lua script, and the hash under which a server stores it. */
export interface Script {
  readonly source: string;
  /** SHA-1 of the source in hexadecimal, for EVALSHA. */
  readonly sha: string;
}

/** Hashes a script's source. */
export function script(source: string): Script {
  return { source, sha: createHash("sha1").update(source).digest("hex") };
}
