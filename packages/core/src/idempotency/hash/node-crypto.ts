import type * as Library from "node:crypto";

type Crypto = typeof Library;

let loaded: Crypto | undefined;

/** Loads node:crypto at the first key: it takes longer to load than all of this package. */
export function nodeCrypto(): Crypto {
  loaded ??= process.getBuiltinModule("node:crypto");
  return loaded;
}
