import { createHash } from "node:crypto";

/** A Lua script, and the name under which a server that has seen it keeps it. */
export interface Script {
  readonly source: string;
  /** SHA-1 of the source in hexadecimal, as EVALSHA wants it. */
  readonly sha: string;
}

/** A script of this source. */
export function script(source: string): Script {
  return { source, sha: createHash("sha1").update(source).digest("hex") };
}
