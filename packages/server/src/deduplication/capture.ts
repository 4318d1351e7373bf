import type { ServerResponse } from "node:http";

import type { Field } from "@reissue/core";

import { fieldOf, headOf, setHeaders, type Head } from "./head.ts";
import { bytesOf, isChunk, Recording } from "./recording.ts";

/** A response as it was given to node:http. */
export interface Captured {
  readonly head: Head;
  readonly trailers: readonly Field[];
  /** Null where there were more bytes than are kept, or the response was cut. */
  readonly body: Buffer | null;
}

/** What a capture tells. */
export interface CaptureListener {
  /** The most bytes of a body that are kept. */
  readonly maxBytes: number;
  /** Called once the response is whole; its last byte leaves when the promise has resolved. It must not reject. */
  onWhole(captured: Captured): Promise<void>;
  /** Called where the response was cut after its head had gone out. */
  onCut(head: Head): void;
}

type Method = (...args: unknown[]) => unknown;

/** The methods of a response that everything comes down to. */
type Originals = Readonly<
  Record<"writeHead" | "write" | "end" | "addTrailers" | "flushHeaders", Method>
>;

/**
 * Records a response as its handler writes it, whatever the handler uses: everything comes down to `writeHead`, `write`
 * and `end`.
 *
 * What is written goes out at once, but for the last of it, so that no client has a whole answer that is not kept. The
 * last of it is what `end` sends, or the chunk that completes a declared Content-Length, or the head of a response
 * without a body.
 *
 * A client that leaves before any of it has gone out changes nothing: what is written after that is recorded all the
 * same. One that leaves later has cut it.
 */
export function capture(response: ServerResponse, listener: CaptureListener): void {
  const { writeHead, write, end, addTrailers, flushHeaders } = response as unknown as Originals;
  const recording = new Recording(listener.maxBytes);
  let head: Head | null = null;
  let hasBegun = false;
  let isEnding = false;
  let settled: Promise<void> | null = null;

  const isBodyless = (): boolean => {
    const status = head?.status ?? response.statusCode;
    return response.req.method === "HEAD" || status === 204 || status === 304;
  };

  const isCut = (): boolean => response.destroyed && hasBegun;

  /** Fixes status and headers, as Node does when it is given all of a body at once. */
  const fixHead = (length: number | null): void => {
    if (response.headersSent) return;
    if (length !== null && !isBodyless() && takesLength(response)) {
      response.setHeader("Content-Length", length);
    }
    response.writeHead(response.statusCode);
  };

  /** Does what completes the response once it is kept. */
  const hold = (method: Method, args: readonly unknown[]): void => {
    const trailers = response.chunkedEncoding ? recording.trailers : [];
    settled ??= listener.onWhole({ head: head as Head, trailers, body: recording.body() });
    settled
      .then(() => Reflect.apply(method, response, args))
      .catch((error: unknown) => response.destroy(error as Error));
  };

  const declaredLength = (): number => {
    const declared =
      head === null ? response.getHeader("content-length") : fieldOf(head, "content-length");
    return declared == null ? Infinity : Number(declared);
  };

  Object.assign(response, {
    writeHead(status: number, ...rest: unknown[]) {
      if (response.headersSent) return Reflect.apply(writeHead, response, [status, ...rest]);
      const given = rest.find((arg) => typeof arg === "object" && arg !== null);
      if (given !== undefined) setHeaders(response, given);
      // Compression that is mounted inside has set its headers by now, and outside has not touched them yet.
      const next = headOf(response, status);
      const reason = typeof rest[0] === "string" ? [rest[0]] : [];
      const result: unknown = Reflect.apply(writeHead, response, [status, ...reason]);
      head = next;
      return result;
    },

    write(...args: unknown[]) {
      if (isEnding) return refused(args);
      // Node throws for what is none.
      if (!isChunk(args[0]) || isCut()) return Reflect.apply(write, response, args);
      const chunk = isBodyless() ? noBytes : bytesOf(args);
      if (isBodyless() || recording.size + chunk.length < declaredLength()) {
        const result: unknown = Reflect.apply(write, response, args);
        hasBegun ||= response.headersSent && !response.destroyed && !isBodyless();
        recording.add(chunk);
        return result;
      }
      fixHead(null);
      recording.add(chunk);
      hold(write, args);
      return true;
    },

    end(...args: unknown[]) {
      if (isEnding) return endedBefore(response, args, end);
      const isLast = !args[0] || typeof args[0] === "function" || isChunk(args[0]);
      // Node throws for what is none, and the response has not ended.
      if (!isLast || isCut()) return Reflect.apply(end, response, args);
      const chunk = isBodyless() ? noBytes : bytesOf(args);
      fixHead(recording.size + chunk.length);
      recording.add(chunk);
      isEnding = true;
      (response as Held)[held] = true;
      hold(end, args);
      return response;
    },

    addTrailers(...args: unknown[]) {
      const result: unknown = Reflect.apply(addTrailers, response, args);
      recording.addTrailers(args[0]);
      return result;
    },

    flushHeaders() {
      // The head is all that there is of it.
      if (isBodyless() || declaredLength() === 0) return fixHead(null);
      Reflect.apply(flushHeaders, response, []);
      hasBegun = true;
    },
  });
  Object.defineProperty(response, "writableEnded", writableEnded);
  response.once("close", () => {
    if (settled !== null || !hasBegun) return;
    listener.onCut(head as Head);
  });
}

const noBytes = Buffer.alloc(0);

const held = Symbol("reissue.held");

/** A response whose end has been called. */
interface Held extends ServerResponse {
  [held]?: boolean;
}

/** What it would be, were the end not held back. One for all: a getter of its own would cost each a hidden class. */
const writableEnded: PropertyDescriptor & ThisType<Held> = {
  configurable: true,
  get() {
    return this[held] === true || this.finished;
  },
};

/** Whether Node would declare the length of a body that it is given at once. */
function takesLength(response: ServerResponse): boolean {
  // It remembers that the header was removed, and tells nobody else.
  const { _removedContLen: isUnwanted } = response as { _removedContLen?: boolean };
  if (isUnwanted === true || !response.useChunkedEncodingByDefault) return false;
  const names = ["content-length", "transfer-encoding", "trailer"];
  return !names.some((name) => response.hasHeader(name));
}

type Callback = (error?: Error) => void;

/** What a write comes to after the end: Node would emit an error, but its end has not come yet. */
function refused(args: readonly unknown[]): false {
  const error = Object.assign(new Error("write after end"), { code: "ERR_STREAM_WRITE_AFTER_END" });
  const callback = callbackOf(args);
  if (callback !== undefined) process.nextTick(callback, error);
  return false;
}

/** What another end comes to. */
function endedBefore(response: ServerResponse, args: readonly unknown[], end: Method): unknown {
  const callback = callbackOf(args);
  if (args[0] && typeof args[0] !== "function") refused(args);
  else if (response.finished) return Reflect.apply(end, response, args);
  else if (callback !== undefined) response.once("finish", callback);
  return response;
}

function callbackOf(args: readonly unknown[]): Callback | undefined {
  return args.find((arg) => typeof arg === "function") as Callback | undefined;
}
