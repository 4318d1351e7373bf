import type { Kind, Send } from "./http-clients.ts";

/** What a load sends. */
export interface Load {
  readonly origin: string;
  readonly kinds: readonly Kind[];
  /** Requests in all. */
  readonly total: number;
  /** Requests at a time. @defaultValue 16 */
  readonly concurrency?: number;
}

/** A request that failed. */
export interface FailedRequest {
  readonly kind: Kind;
  readonly error: string;
}

const bodies = { GET: undefined, PUT: "x".repeat(3000), POST: "x".repeat(1024) } as const;

/** Sends a load, each request with an id of its own that begins with its kind. */
export async function runLoad(
  send: Send,
  { origin, kinds, total, concurrency = 16 }: Load,
): Promise<{ readonly failed: readonly FailedRequest[] }> {
  const failed: FailedRequest[] = [];
  let next = 0;
  const one = async (number: number): Promise<void> => {
    const kind = kinds[number % kinds.length]!;
    const [method] = kind.split("+") as [string];
    const text = bodies[method as keyof typeof bodies];
    const key = kind === "POST+key" ? { "Idempotency-Key": `k${number}` } : {};
    const headers = { "x-request-id": `${kind} ${number}`, ...key };
    try {
      const status = await send({ origin, path: `/${number}`, method, body: text, headers });
      if (status !== 200) failed.push({ kind, error: String(status) });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      failed.push({ kind, error: code ?? message });
    }
  };
  const worker = async (): Promise<void> => {
    while (next < total) await one(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return { failed };
}
