import type { Link } from "../error-info.ts";
import { shapes, type Shape } from "../failure-spec.ts";

const connecting: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ["ECONNREFUSED", shapes.refused],
  // A Unix socket that nobody has bound yet.
  ["ENOENT", shapes.refused],
  ["ENETUNREACH", shapes.unroutable],
  ["EHOSTUNREACH", shapes.unroutable],
  ["ENETDOWN", shapes.unroutable],
  ["EHOSTDOWN", shapes.unroutable],
  ["ECONNRESET", shapes.connectReset],
  ["ECONNABORTED", shapes.connectReset],
  ["EPIPE", shapes.connectReset],
  ["ETIMEDOUT", shapes.connectTimeout],
]);

const resolving: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ["ENOTFOUND", shapes.unknownHost],
  ["ENODATA", shapes.unknownHost],
  ["ETIMEOUT", shapes.resolverTimeout],
  ["ETIMEDOUT", shapes.resolverTimeout],
]);

/** Linux reports a route that is lost, or a peer that stopped acknowledging, on the next read or write. */
const transferring: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ["ECONNRESET", shapes.reset],
  ["ECONNABORTED", shapes.reset],
  ["ECONNREFUSED", shapes.reset],
  ["EPIPE", shapes.reset],
  ["ENOTCONN", shapes.reset],
  ["ENETRESET", shapes.reset],
  ["ESHUTDOWN", shapes.reset],
  ["ECANCELED", shapes.reset],
  ["EHOSTUNREACH", shapes.reset],
  ["ENETUNREACH", shapes.reset],
  ["EHOSTDOWN", shapes.reset],
  ["ENETDOWN", shapes.reset],
  ["ETIMEDOUT", shapes.answerTimeout],
  ["EPROTO", shapes.lateTls],
]);

const transferCalls: ReadonlySet<string> = new Set(["read", "write", "writev", "shutdown"]);
const errno = /^E[A-Z0-9_]{2,20}$/;

/** The row of a system error that names its call; null when the call is none that a request makes. */
export function shapeOfSyscall(code: string, syscall: string): Shape | null {
  if (!errno.test(code)) return null;
  if (syscall === "connect" || syscall === "bind") return connecting.get(code) ?? shapes.local;
  if (isResolverCall(syscall)) return resolving.get(code) ?? shapes.resolver;
  return transferCalls.has(syscall) ? (transferring.get(code) ?? null) : null;
}

/**
 * Whether a system error is about something else than a connection: a file, a child process, a listening socket.
 *
 * A file's `EPIPE` and `EMFILE` have the codes of a connection's; their call, their path or the wording gives them away.
 */
export function isForeignCall(link: Link): boolean {
  const { code, syscall, message } = link;
  if (syscall === null) return false;
  if (syscall !== "connect" && syscall !== "bind" && !isResolverCall(syscall)) {
    if (!transferCalls.has(syscall)) return true;
  }
  // node:fs words an error "EPIPE: broken pipe, write", node:net "write EPIPE".
  return code !== null && message.startsWith(`${code}: `);
}

function isResolverCall(syscall: string): boolean {
  return syscall === "getaddrinfo" || syscall.startsWith("query");
}
