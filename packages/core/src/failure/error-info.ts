/** Properties of one error of a chain, read once and safely. */
export interface ErrorInfo {
  readonly error: object;
  /** Code, if it is a string; numbers mean different things in different libraries. */
  readonly code: string | null;
  /** Start of the message; empty for none. */
  readonly message: string;
  /** Its `name` and the name of its class, which often differ in libraries. */
  readonly names: readonly string[];
  /** System call that failed, from the error or from Node's wording of its message. */
  readonly syscall: string | null;
}

/** Most characters of a code; the longest of OpenSSL's have about 60. */
const maxCodeLength = 80;
/**
 * Most characters of a message that are compared: room for a long URL before the decisive words, and a limit on a
 * hostile message.
 */
const maxMessageLength = 4096;

/** Node's wording of a failed call, as in `connect ECONNREFUSED 127.0.0.1:3000`. */
const callAndCode = /^(connect|bind|read|write|getaddrinfo|query[A-Z]\w{0,15}) (E[A-Z_]{2,20})\b/;

/** Whether a value can have properties. */
export function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** Reads a property; undefined where it is missing or cannot be read: a getter or a proxy may throw. */
export function read(value: unknown, key: string): unknown {
  if (!isObject(value)) return undefined;
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** Reads a property that is a string, cut to `maxLength`; null otherwise. */
export function readString(value: unknown, key: string, maxLength: number): string | null {
  const property = read(value, key);
  return typeof property === "string" ? property.slice(0, maxLength) : null;
}

/** Reads the properties of an error that are compared. */
export function readErrorInfo(error: object): ErrorInfo {
  const code = readString(error, "code", maxCodeLength + 1);
  const message = readString(error, "message", maxMessageLength) ?? "";
  const names = [
    readString(error, "name", maxCodeLength),
    readString(read(error, "constructor"), "name", maxCodeLength),
  ];
  return {
    error,
    code: code !== null && code.length <= maxCodeLength ? code : null,
    message,
    names: names.filter((name) => name !== null),
    syscall: syscallOf(error, code, message),
  };
}

function syscallOf(error: object, code: string | null, message: string): string | null {
  const syscall =
    readString(error, "syscall", maxCodeLength) ??
    // node-fetch 3 uses another name.
    readString(error, "erroredSysCall", maxCodeLength);
  if (syscall !== null || code === null) return syscall;
  // axios and node-fetch 2 drop the property and keep the wording; node-fetch adds its own before it.
  const reason = message.lastIndexOf(" failed, reason: ");
  const words = reason === -1 ? message : message.slice(reason + " failed, reason: ".length);
  const match = callAndCode.exec(words);
  return match !== null && match[2] === code ? (match[1] ?? null) : null;
}
