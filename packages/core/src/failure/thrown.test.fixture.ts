/** An error with the given properties. */
export function thrown(message: string, properties: Record<string, unknown> = {}): Error {
  const { name, cause, ...rest } = properties;
  const error = new Error(message, cause === undefined ? undefined : { cause });
  if (name !== undefined) Object.defineProperty(error, "name", { value: name });
  return Object.assign(error, rest);
}

/** A failed call as Node words it. */
export function system(syscall: string, code: string, rest: Record<string, unknown> = {}): Error {
  return thrown(`${syscall} ${code} 10.0.0.7:80`, { code, syscall, errno: -1, ...rest });
}

/** What happy eyeballs and Promise.any throw. */
export function aggregate(errors: unknown[], properties: object = {}): AggregateError {
  return Object.assign(new AggregateError(errors), properties);
}

/** What fetch rejects with before it has a Response. */
export function fetchFailed(cause: unknown): TypeError {
  return new TypeError("fetch failed", { cause });
}

/** What the body of a Response rejects with. */
export function terminated(cause: unknown): TypeError {
  return new TypeError("terminated", { cause });
}

/** What a row is classified as: kind, phase, delivery, status, token, transient. */
export type Expected = readonly [
  kind: string,
  phase: string,
  delivery: string,
  status: number | null,
  token: string | null,
  transient: boolean,
];

/** Errors by their one outcome. */
export type Table = readonly (readonly [Expected, readonly Error[]])[];
