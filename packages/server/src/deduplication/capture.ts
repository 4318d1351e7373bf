import type { ServerResponse } from "node:http";

import type { Field } from "@reissue/core";

import { fieldOf, headOf, setHeaders, type Head } from "./head.ts";
import { Recording } from "./recording.ts";

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
 * A client that has left changes nothing: what is written after that is recorded all the same.
 */
export function capture(response: ServerResponse, listener: CaptureListener): void {
  const { writeHead, write, end, addTrailers, flushHeaders } = response as unknown as Originals;
  const recording = new Recording(listener.maxBytes);
  let head: Head | null = null;
  let isEnding = false;
  let settled: Promise<void> | null = null;

  const isBodyless = (): boolean => {
    const status = head?.status ?? response.statusCode;
    return response.req.method === "HEAD" || status === 204 || status === 304;
  };

  /** Fixes status and headers, as Node does when it is given all of a body at once. */
  const fixHead = (length: number | null): void => {
    if (response.headersSent) return;
    const names = ["content-length", "transfer-encoding", "trailer"];
    if (length !== null && !isBodyless() && !names.some((name) => response.hasHeader(name))) {
      response.setHeader("Content-Length", length);
    }
    response.writeHead(response.statusCode);
  };

  /** Tells that the response is whole, once. */
  const settle = (): Promise<void> => {
    head ??= headOf(response);
    const { trailers } = recording;
    settled ??= listener.onWhole({ head, trailers, body: recording.body() });
    return settled;
  };

  const declaredLength = (): number => {
    const declared =
      head === null ? response.getHeader("content-length") : fieldOf(head, "content-length");
    return declared === null || declared === undefined ? Infinity : Number(declared);
  };

  Object.assign(response, {
    writeHead(status: number, ...rest: unknown[]) {
      if (response.headersSent) return Reflect.apply(writeHead, response, [status, ...rest]);
      const given = rest.find((arg) => typeof arg === "object" && arg !== null);
      if (given !== undefined) setHeaders(response, given);
      response.statusCode = status;
      // Compression that is mounted inside has set its headers by now, and outside has not touched them yet.
      const next = headOf(response);
      const reason = typeof rest[0] === "string" ? [rest[0]] : [];
      const result: unknown = Reflect.apply(writeHead, response, [status, ...reason]);
      head = next;
      return result;
    },

    write(...args: unknown[]) {
      if (isEnding) return refused(args);
      if (!isBodyless()) recording.add(args);
      if (settled !== null || recording.size < declaredLength() || isBodyless()) {
        return Reflect.apply(write, response, args);
      }
      fixHead(null);
      void settle().then(() => Reflect.apply(write, response, args));
      return true;
    },

    end(...args: unknown[]) {
      if (isEnding) return response;
      isEnding = true;
      if (!isBodyless()) recording.add(args);
      fixHead(recording.size);
      void settle().then(() => Reflect.apply(end, response, args));
      return response;
    },

    addTrailers(...args: unknown[]) {
      recording.addTrailers(args[0]);
      return Reflect.apply(addTrailers, response, args);
    },

    flushHeaders() {
      // The head is all that there is of it.
      if (!isBodyless()) Reflect.apply(flushHeaders, response, []);
    },
  });
  // As it would be, were the end not held back.
  Object.defineProperty(response, "writableEnded", {
    configurable: true,
    get: () => isEnding || response.finished,
  });
  response.once("close", () => {
    if (settled === null && head !== null && !isEnding) {
      settled = Promise.resolve();
      listener.onCut(head);
    }
  });
}

/** What a write comes to after the end: Node would emit an error, but its end has not come yet. */
function refused(args: readonly unknown[]): false {
  const callback = args.find((arg) => typeof arg === "function") as
    | ((error: Error) => void)
    | undefined;
  const error = Object.assign(new Error("write after end"), { code: "ERR_STREAM_WRITE_AFTER_END" });
  if (callback !== undefined) process.nextTick(callback, error);
  return false;
}
