import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as zlib from "node:zlib";
import { onTestFinished } from "vitest";

/** What the server was sent. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  /** Names and values as they came, in their order and in their own letters. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** A server with a path for each kind of response that a client may meet. */
export class VarietyServer {
  /** What each call was seen to send, by the number that its query names. */
  readonly seen = new Map<string, Seen[]>();
  /** Under which it is another origin. */
  otherOrigin = "";
  origin = "";

  readonly listener = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on("error", () => {});
    response.on("error", () => {});
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "", this.origin);
      this.#note(url.searchParams.get("call") ?? "", request, Buffer.concat(chunks));
      this.#respond(url, request, response, Buffer.concat(chunks));
    });
  };

  #note(call: string, request: IncomingMessage, body: Buffer): void {
    const list = this.seen.get(call) ?? [];
    this.seen.set(call, list);
    const { method = "", url = "", rawHeaders } = request;
    list.push({ method, url, rawHeaders, body: body.toString("latin1") });
  }

  #respond(url: URL, request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const [, kind = "", argument = "", more = ""] = url.pathname.split("/");
    response.sendDate = false;
    switch (kind) {
      case "status":
        response.writeHead(Number(argument), more === "" ? undefined : decodeURIComponent(more), {
          etag: '"1"',
          "x-kind": kind,
        });
        return void response.end(argument === "204" ? undefined : "of the status");
      case "redirect":
        return this.#redirect(url, response, Number(argument), decodeURIComponent(more));
      case "coded":
        response.writeHead(200, {
          "content-encoding": decodeURIComponent(argument),
          "content-type": "text/plain",
        });
        return void response.end(coded(more, `coded by ${more}, ${"again and ".repeat(200)}`));
      case "hints":
        response.writeEarlyHints({ link: "</a.css>; rel=preload" });
        response.writeContinue();
        return void response.end("after hints");
      case "cookies":
        response.setHeader("set-cookie", ["a=1; path=/", "b=2, c=3"]);
        response.setHeader("x-twice", ["one", "two"]);
        response.setHeader("x-latin", Buffer.from("é ü").toString("latin1"));
        return void response.end("cookies");
      case "chunks":
        response.write("first,");
        return void setImmediate(() => response.end("second"));
      case "long":
        response.setHeader("content-type", "application/octet-stream");
        return void response.end(Buffer.alloc(Number(argument), "long "));
      case "slow":
        response.flushHeaders();
        response.write("begun");
        return;
      case "silent":
        return;
      case "cut":
        response.writeHead(200, { "content-length": "100" });
        return void response.write("half", () => response.destroy());
      case "json":
        response.setHeader("content-type", "application/json");
        return void response.end('{"a":[1,"é"]}');
      case "form":
        response.setHeader("content-type", "application/x-www-form-urlencoded");
        return void response.end("a=1&b=%20");
      case "close":
        response.shouldKeepAlive = false;
        return void response.end("by its end");
      default:
        response.setHeader("content-type", "text/plain; charset=utf-8");
        return void response.end(`${request.method} ${body.toString("latin1")}`);
    }
  }

  #redirect(url: URL, response: ServerResponse, status: number, to: string): void {
    const call = `?call=${url.searchParams.get("call")}`;
    const target = to
      .replace("OTHER", this.otherOrigin)
      .replace("HERE", this.origin)
      .replace("CALL", call);
    response.writeHead(
      status,
      to === "none" ? {} : { location: Buffer.from(target).toString("latin1") },
    );
    response.end("moved");
  }
}

function coded(coding: string, text: string): Buffer {
  switch (coding) {
    case "gzip":
      return zlib.gzipSync(text);
    case "deflate":
      return zlib.deflateSync(text);
    case "raw-deflate":
      return zlib.deflateRawSync(text);
    case "br":
      return zlib.brotliCompressSync(text);
    case "both":
      return zlib.brotliCompressSync(zlib.gzipSync(text));
    case "cut-gzip":
      return zlib.gzipSync(text).subarray(0, 30);
    case "two-gzips":
      return Buffer.concat([zlib.gzipSync(text), zlib.gzipSync("more")]);
    case "empty":
      return Buffer.alloc(0);
    default:
      return Buffer.from(text);
  }
}

/** A variety server that is closed when the test is over; it listens twice, so that it is two origins. */
export async function varietyServer(): Promise<VarietyServer> {
  const variety = new VarietyServer();
  const origins: string[] = [];
  for (let index = 0; index < 2; index += 1) {
    const server = createServer({ keepAliveTimeout: 60_000 }, variety.listener);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    origins.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }
  [variety.origin, variety.otherOrigin] = origins as [string, string];
  return variety;
}
