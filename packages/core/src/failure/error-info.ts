/** One error of a chain, read once and safely. */
export interface ErrorInfo {
  readonly error: object;
  /** Its code, if that is a string; numbers mean different things to different libraries. */
  readonly code: string | null;
  /** The start of its message, empty when it has none. */
  readonly message: string;
  /** Its `name` and the name of its class, which libraries often leave out of step. */
  readonly names: readonly string[];
  /** The system call that failed, from the error or from Node's wording of its message. */
  readonly syscall: string | null;
}

/** Longer strings are not codes; the longest of OpenSSL's have about 60 characters. */
const maxCodeLength = 80;
/** Room for a long URL in front of the words that count, and a bound on what a hostile message costs. */
const maxMessageLength = 4096;

/** Node's own wording of a failed call, as in `connect ECONNREFUSED 127.0.0.1:3000`. */
const callAndCode = /^(connect|bind|read|write|getaddrinfo|query[A-Z]\w{0,15}) (E[A-Z_]{2,20})\b/;

/** Whether a value can have properties that say what went wrong. */
export function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** A property, or undefined where it is missing or cannot be read: a getter or a proxy may throw. */
export function read(value: unknown, key: string): unknown {
  if (!isObject(value)) return undefined;
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** A property that is a string, cut to `maxLength`; null otherwise. */
export function readString(value: unknown, key: string, maxLength: number): string | null {
  const found = read(value, key);
  return typeof found === "string" ? found.slice(0, maxLength) : null;
}

/** Reads all that classification compares of one error. */
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
    // node-fetch 3 keeps it under another name.
    readString(error, "erroredSysCall", maxCodeLength);
  if (syscall !== null || code === null) return syscall;
  // axios and node-fetch 2 drop the property and keep the words; node-fetch puts its own in front of them.
  const reason = message.lastIndexOf(" failed, reason: ");
  const words = reason === -1 ? message : message.slice(reason + " failed, reason: ".length);
  const match = callAndCode.exec(words);
  return match !== null && match[2] === code ? (match[1] ?? null) : null;
}
