import type { ErrorInfo } from "../error-info.ts";
import { failureSpecs, type FailureSpec } from "../failure-spec.ts";

const connecting: ReadonlyMap<string, FailureSpec> = new Map<string, FailureSpec>([
  ["ECONNREFUSED", failureSpecs.refused],
  // A Unix socket that is not bound yet.
  ["ENOENT", failureSpecs.refused],
  ["ENETUNREACH", failureSpecs.unroutable],
  ["EHOSTUNREACH", failureSpecs.unroutable],
  ["ENETDOWN", failureSpecs.unroutable],
  ["EHOSTDOWN", failureSpecs.unroutable],
  ["ECONNRESET", failureSpecs.connectReset],
  ["ECONNABORTED", failureSpecs.connectReset],
  ["EPIPE", failureSpecs.connectReset],
  ["ETIMEDOUT", failureSpecs.connectTimeout],
]);

const resolving: ReadonlyMap<string, FailureSpec> = new Map<string, FailureSpec>([
  ["ENOTFOUND", failureSpecs.unknownHost],
  ["ENODATA", failureSpecs.unknownHost],
  ["ETIMEOUT", failureSpecs.resolverTimeout],
  ["ETIMEDOUT", failureSpecs.resolverTimeout],
]);

/** Linux reports a lost route, or a peer that stopped acknowledging, on the next read or write. */
const transferring: ReadonlyMap<string, FailureSpec> = new Map<string, FailureSpec>([
  ["ECONNRESET", failureSpecs.reset],
  ["ECONNABORTED", failureSpecs.reset],
  ["ECONNREFUSED", failureSpecs.reset],
  ["EPIPE", failureSpecs.reset],
  ["ENOTCONN", failureSpecs.reset],
  ["ENETRESET", failureSpecs.reset],
  ["ESHUTDOWN", failureSpecs.reset],
  ["ECANCELED", failureSpecs.reset],
  ["EHOSTUNREACH", failureSpecs.reset],
  ["ENETUNREACH", failureSpecs.reset],
  ["EHOSTDOWN", failureSpecs.reset],
  ["ENETDOWN", failureSpecs.reset],
  ["ETIMEDOUT", failureSpecs.responseTimeout],
  ["EPROTO", failureSpecs.lateTls],
]);

const transferCalls: ReadonlySet<string> = new Set(["read", "write", "writev", "shutdown"]);
const errno = /^E[A-Z0-9_]{2,20}$/;

/** Row of a system error by its call; null for a call that no request makes. */
export function specOfSyscall(code: string, syscall: string): FailureSpec | null {
  if (!errno.test(code)) return null;
  if (syscall === "connect" || syscall === "bind")
    return connecting.get(code) ?? failureSpecs.local;
  if (isResolverCall(syscall)) return resolving.get(code) ?? failureSpecs.resolver;
  return transferCalls.has(syscall) ? (transferring.get(code) ?? null) : null;
}

/**
 * Whether a system error is not about a connection, but about a file, a child process or a listening socket.
 *
 * `EPIPE` and `EMFILE` can be a file's or a connection's; the call, the path or the wording tells them apart.
 */
export function isForeignCall(info: ErrorInfo): boolean {
  const { code, syscall, message } = info;
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
