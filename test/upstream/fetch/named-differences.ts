import type { FetchOutcome } from "./fetch-outcome.ts";
import type { GeneratedCall } from "./generated-call.ts";
import type { Seen } from "./variety-server.ts";

const isOldNode = /^2[02]\./.test(process.versions.node);

/** Node 20 and 22 take the bytes of a body away, and fail where a redirect asks for them again. */
const takesBytesAway = /redirect.*\| (?:an ArrayBuffer|[^|]*bytes|a DataView|floats|a Buffer) \|/;

/** All but Node 24 send the referrer of a Request that comes without an init. */
const keepsReferrer = /^Request .*"referrer","http/;

/** Whether an abort was lost: before 24, Node's own fetch may lose its signal to the garbage collector. */
export function lostItsAbort(outcome: FetchOutcome): boolean {
  return isOldNode && outcome.error?.["message"] === "it hangs";
}

/** An outcome without what docs/fetch.md says may differ, and without what chance decides. */
export function comparable(call: GeneratedCall, outcome: FetchOutcome): unknown {
  // A response of a declared length is held until it is whole, so that one that is cut is no response.
  if (call.name.includes("/cut")) return null;
  if (isOldNode && takesBytesAway.test(call.name)) return null;
  const told = JSON.stringify({
    ...outcome,
    response: call.aborts === null ? outcome.response : unread(outcome.response),
    error: outcome.error === null ? null : named(outcome.error),
    seen: seen(call, outcome),
  });
  return JSON.parse(call.hasForm ? withoutBoundary(told) : told);
}

/** A boundary is each one's own, and so is its length. */
function withoutBoundary(told: string): string {
  return told
    .replaceAll(/formdata-(?:undici|reissue)-[\w-]+?(?=--|\\r|")/g, "a boundary")
    .replaceAll(/(content-length(?:: |","))\d+/g, "$1any");
}

/** A failure of the network is an UpstreamError, which says more; and the words of a cause are each one's own. */
function named({ name, message, code }: Record<string, unknown>): unknown {
  if (String(code).startsWith("ERR_REISSUE_"))
    return { name: "TypeError", message: "fetch failed" };
  return {
    name,
    message: /^(?:fetch failed|terminated)$/.test(String(message)) ? message : "its own",
  };
}

/** Whether the body of an aborted response counts as used differs between the versions of Node. */
function unread(response: FetchOutcome["response"]): unknown {
  return response === null ? null : { ...response, bodyUsed: null, locked: null };
}

function seen(call: GeneratedCall, outcome: FetchOutcome): unknown {
  if (keepsReferrer.test(call.name)) return null;
  return call.hasForm ? outcome.seen.map(inNoOrder) : outcome.seen;
}

/** The type of a form comes last. */
function inNoOrder(seen: Seen): unknown {
  const { rawHeaders } = seen;
  const pairs = Array.from({ length: rawHeaders.length / 2 }, (_, index) => {
    return `${rawHeaders[index * 2]}: ${rawHeaders[index * 2 + 1]}`;
  });
  return { ...seen, rawHeaders: pairs.toSorted() };
}
