/** Exit codes, the same for every command. */
export const exitCodes = {
  ok: 0,
  /** The check has found something to change, or the error is not known. */
  found: 1,
  /** A wrong option or argument. */
  usage: 2,
  /** No connection: unknown host, refused, timed out. */
  unreachable: 3,
  /** The certificate was rejected, or the TLS handshake failed. */
  tls: 4,
  /** The server does not respond in HTTP. */
  notHttp: 5,
  /** The command given to `doctor` did not start, or ended before it listened. */
  command: 6,
  /** An error of this program's own; sysexits.h calls it EX_SOFTWARE. */
  defect: 70,
  /** The terminal was closed: 128 and the number of SIGHUP. */
  hungUp: 129,
  /** Ctrl-C: 128 and the number of SIGINT. */
  interrupted: 130,
  /** 128 and the number of SIGTERM. */
  terminated: 143,
} as const;

/** One of {@link exitCodes}. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** An end of a run that its user can do something about: printed without a stack. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;
  /** What to try, in one line; empty for nothing. */
  readonly hint: string;

  constructor(exitCode: ExitCode, message: string, hint = "", options: ErrorOptions = {}) {
    super(message, options);
    this.name = "CommandError";
    this.exitCode = exitCode;
    this.hint = hint;
  }
}
