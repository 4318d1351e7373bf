import { setTimeout } from "node:timers/promises";

import type { GeneratedCall } from "./generated-call.ts";
import type { Seen, VarietyServer } from "./variety-server.ts";

/** Everything about a call that its caller, or the server, can tell. */
export interface FetchOutcome {
  readonly response: Record<string, unknown> | null;
  readonly body: unknown;
  readonly error: Record<string, unknown> | null;
  readonly seen: readonly Seen[];
}

/** Makes a call with one of two clients, and notes all that comes of it. */
export async function fetchOutcome(
  fetch: (...call: never[]) => Promise<Response>,
  call: GeneratedCall,
  server: VarietyServer,
  number: string,
): Promise<FetchOutcome> {
  server.seen.delete(number);
  let response: Response | null = null;
  let body: unknown = null;
  let error: Record<string, unknown> | null = null;
  try {
    const { input, init, abort, read } = call.make();
    const fetching = fetch(...([input, init] as never[]));
    if (call.aborts === "before the head") void abortOnceSeen(server, number, abort);
    response = await Promise.race([fetching, hanging(call)]);
    if (call.aborts === "in the body") abort();
    const way = call.aborts === null ? read : "text";
    body = await Promise.race([readBy(way, response), hanging(call)]);
  } catch (thrown) {
    error = told(thrown);
  }
  return {
    response: response === null ? null : facts(response),
    body,
    error,
    seen: server.seen.get(number) ?? [],
  };
}

/** Fails after a time, so that a call that hangs is named; real time, as the call's is. */
async function hanging(call: GeneratedCall): Promise<never> {
  // real time: a limit for a call that hangs
  await setTimeout(call.aborts === null ? 25_000 : 3000, undefined, { ref: false });
  throw new Error("it hangs");
}

/** Aborts a call that has reached the server; one that never will, because it is refused, after a while. */
async function abortOnceSeen(
  server: VarietyServer,
  number: string,
  abort: () => void,
): Promise<void> {
  // real time: polls what the server has received
  for (let tries = 0; tries < 50 && !server.seen.has(number); tries += 1) await setTimeout(1);
  abort();
}

function facts(response: Response): Record<string, unknown> {
  const { status, statusText, ok, url, redirected, type, bodyUsed, body, headers } = response;
  return {
    isResponse: response instanceof Response,
    name: response.constructor.name,
    tag: Object.prototype.toString.call(response),
    headersTag: headers instanceof Headers && headers.constructor === Headers,
    ...{ status, statusText, ok, url, redirected, type, bodyUsed },
    body: body === null ? null : body instanceof ReadableStream,
    headers: [...headers],
    cookies: headers.getSetCookie(),
    guard: refusal(() => headers.set("a", "b")),
    locked: body?.locked,
  };
}

function refusal(change: () => void): string {
  try {
    change();
    return "none";
  } catch (error) {
    return (error as Error).name;
  }
}

async function readBy(read: string, response: Response): Promise<unknown> {
  switch (read) {
    case "arrayBuffer":
      return Buffer.from(await response.arrayBuffer()).toString("latin1");
    case "blob": {
      const blob = await response.blob();
      return [blob.type, await blob.text()];
    }
    case "json":
    case "text":
      return await response[read]();
    case "formData":
      return [...(await response.formData())];
    case "clones": {
      const clone = response.clone();
      const both = [facts(clone), ...(await Promise.all([clone.text(), response.clone().text()]))];
      return [...both, await response.text()];
    }
    case "iterate": {
      const chunks: Uint8Array[] = [];
      for await (const chunk of response.body ?? []) chunks.push(chunk);
      return [
        chunks.every((chunk) => chunk.constructor === Uint8Array),
        Buffer.concat(chunks).toString("latin1"),
      ];
    }
    case "reader": {
      const reader = response.body?.getReader();
      let length = 0;
      for (;;) {
        const result = await reader?.read();
        if (result === undefined || result.done)
          return [length, refusal(() => reader?.releaseLock())];
        length += result.value.length;
      }
    }
    case "byob": {
      const reader = response.body?.getReader({ mode: "byob" });
      let text = "";
      for (;;) {
        const result = await reader?.read(new Uint8Array(1000));
        if (result === undefined || result.done) return text;
        text += Buffer.from(result.value).toString("latin1");
      }
    }
    case "cancel":
      await response.body?.cancel();
      return response.bodyUsed;
    default:
      await response.text();
      return [response.bodyUsed, refusal(() => response.clone())];
  }
}

function told(thrown: unknown): Record<string, unknown> {
  if (!(thrown instanceof Error)) return { thrown };
  const { name, message, code, cause } = thrown as Error & { code?: string };
  return { name, message, code, cause: cause instanceof Error ? told(cause) : cause };
}
