import { once } from "node:events";
import { connect } from "node:net";

import { onTestFinished } from "vitest";

import type { Running } from "./frameworks/frameworks.ts";

/** What a service answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** Asks a service, and fails where it does not answer. */
export async function ask({ origin }: Running, init?: RequestInit): Promise<Answer> {
  const answer = await fetch(`${origin}/orders`, { ...init, signal: AbortSignal.timeout(20_000) });
  return { status: answer.status, headers: answer.headers, body: await answer.text() };
}

/** Sends bytes over a raw connection; what comes back until it is closed. */
export async function askRaw({ origin }: Pick<Running, "origin">, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(origin).port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
  socket.on("error", () => {});
  socket.write(bytes, "latin1");
  await once(socket, "close", { signal: AbortSignal.timeout(20_000) });
  return text;
}
