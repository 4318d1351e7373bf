import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { onTestFinished } from "vitest";

/** One response as it was on the wire. */
export interface Message {
  readonly statusLine: string;
  readonly status: number;
  /** Its header lines in the order of their names, without Date. */
  readonly lines: readonly string[];
  /** The body with its framing. */
  readonly framed: string;
  /** The body without it, as latin1. */
  readonly body: string;
  readonly trailers: readonly string[];
  /** Status lines of 1xx responses that came before. */
  readonly interim: readonly string[];
  readonly replayed: boolean;
}

/** A raw client connection, which says what came back byte for byte. */
export class Wire {
  readonly socket: Socket;
  #text = "";
  #isOver = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (data) => (this.#text += data.toString("latin1")));
    socket.on("close", () => (this.#isOver = true));
    socket.on("error", () => {});
  }

  /** Connects to a service; the connection ends with the test. */
  static async open(origin: string): Promise<Wire> {
    const socket = connect({
      port: Number(new URL(origin).port),
      host: "127.0.0.1",
      noDelay: true,
    });
    onTestFinished(() => void socket.destroy());
    const wire = new Wire(socket);
    await once(socket, "connect");
    return wire;
  }

  /** What has come and belongs to no message yet. */
  get text(): string {
    return this.#text;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  send(text: string | Buffer): this {
    this.socket.write(text);
    return this;
  }

  /** Waits until what came fits. */
  async until(fits: (text: string, isOver: boolean) => boolean): Promise<void> {
    const deadline = performance.now() + 8000;
    while (!fits(this.#text, this.#isOver)) {
      if (performance.now() > deadline) throw new Error(`waited for more than ${this.#text}`);
      // real time: polls what a socket has received
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Takes the next whole response to a request of a method. */
  async message(method = "POST"): Promise<Message> {
    let parsed: readonly [message: Message, size: number] | null = null;
    await this.until((text, isOver) => (parsed = parse(text, method, isOver)) !== null);
    const [message, size] = parsed as unknown as readonly [Message, number];
    this.#text = this.#text.slice(size);
    return message;
  }
}

/** A request in text; with a key if there is one. */
export function asked({
  method = "POST",
  path = "/",
  key = null,
  headers = [],
  body = "pay",
  version = "1.1",
}: {
  readonly method?: string;
  readonly path?: string;
  readonly key?: string | null;
  readonly headers?: readonly string[];
  readonly body?: string;
  readonly version?: string;
} = {}): string {
  const lines = [`${method} ${path} HTTP/${version}`, "Host: a", ...headers];
  if (key !== null) lines.push(`Idempotency-Key: ${key}`);
  if (body !== "") lines.push("Content-Type: text/plain", `Content-Length: ${body.length}`);
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

/** Asks on a connection of its own. */
export async function ask(
  origin: string,
  request: NonNullable<Parameters<typeof asked>[0]> = {},
): Promise<Message> {
  const wire = await Wire.open(origin);
  const message = await wire.send(asked(request)).message(request.method);
  wire.socket.destroy();
  return message;
}

/** The first whole response in a text, and its length; null while there is none. */
function parse(
  text: string,
  method: string,
  isOver: boolean,
): readonly [message: Message, size: number] | null {
  const interim: string[] = [];
  let start = 0;
  for (;;) {
    const end = text.indexOf("\r\n\r\n", start);
    if (end < 0) return null;
    const [statusLine = "", ...all] = text.slice(start, end).split("\r\n");
    const status = Number(statusLine.split(" ")[1]);
    start = end + 4;
    if (status < 200) {
      interim.push(statusLine);
      continue;
    }
    const lines = all.filter((line) => !/^date:/i.test(line)).toSorted();
    const framing = framed(text, start, { method, status, lines, isOver });
    if (framing === null) return null;
    const { size, ...rest } = framing;
    const replayed = lines.includes("Idempotent-Replayed: true");
    const message = { statusLine, status, lines, ...rest, interim, replayed };
    return [{ ...message, framed: text.slice(start, start + size) }, start + size];
  }
}

function framed(
  text: string,
  start: number,
  head: {
    readonly method: string;
    readonly status: number;
    readonly lines: readonly string[];
    readonly isOver: boolean;
  },
): { readonly body: string; readonly trailers: readonly string[]; readonly size: number } | null {
  const { method, status, lines, isOver } = head;
  if (method === "HEAD" || status === 204 || status === 304)
    return { body: "", trailers: [], size: 0 };
  if (lines.some((line) => /^transfer-encoding: chunked$/i.test(line))) return chunked(text, start);
  const length = lines.find((line) => /^content-length:/i.test(line))?.slice(15);
  const size = length === undefined ? text.length - start : Number(length);
  if (length === undefined ? !isOver : text.length < start + size) return null;
  return { body: text.slice(start, start + size), trailers: [], size };
}

function chunked(text: string, start: number): ReturnType<typeof framed> {
  let body = "";
  let at = start;
  for (;;) {
    const end = text.indexOf("\r\n", at);
    if (end < 0) return null;
    const size = Number.parseInt(text.slice(at, end), 16);
    if (size === 0) {
      const last = text.indexOf("\r\n\r\n", end);
      if (last < 0) return null;
      const trailers = text
        .slice(end + 2, last)
        .split("\r\n")
        .filter((line) => line !== "");
      return { body, trailers, size: last + 4 - start };
    }
    body += text.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
    if (at > text.length) return null;
  }
}

/** What the client of a keyed request gets when it comes again, once its first request is not in progress any more. */
export async function retry(origin: string): Promise<Message> {
  for (;;) {
    const answer = await ask(origin, { key: "k" });
    if (!answer.lines.some((line) => /^retry-after:/i.test(line))) return answer;
    // real time: polls until the key is no longer in flight
    await sleep(5);
  }
}
