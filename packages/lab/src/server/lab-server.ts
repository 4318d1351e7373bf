import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isReissueError } from "@reissue/core";
import type { Laboratory } from "../laboratory/laboratory.ts";
import type { PageFile } from "../page-files.ts";
import { readSettings } from "../settings/settings.ts";
import { EventStream } from "./event-stream.ts";
import { ownHosts, refusal } from "./guard.ts";
import { readJson } from "./json-body.ts";
import { securityHeaders } from "./security-headers.ts";

/** Pages that may watch at once. */
const maxPages = 16;

/** Connections that are accepted at once: six a browser, and some. */
const maxConnections = 128;

/** Serves the page, its events, and the orders to start and stop. */
export class LabServer {
  readonly #laboratory: Laboratory;
  readonly #files: ReadonlyMap<string, PageFile>;
  readonly #server: Server;
  #hosts: readonly string[] = [];
  #pages = 0;

  constructor(laboratory: Laboratory, files: ReadonlyMap<string, PageFile>) {
    this.#laboratory = laboratory;
    this.#files = files;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.maxConnections = maxConnections;
  }

  /**
   * Listens.
   *
   * @returns the port
   * @throws the system's error when the port is taken
   */
  async listen(port: number, host: string): Promise<number> {
    this.#server.listen(port, host);
    await once(this.#server, "listening");
    const { port: own } = this.#server.address() as AddressInfo;
    this.#hosts = ownHosts(own);
    return own;
  }

  /** Disconnects every page, and frees the port. */
  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", headers } = request;
    const refused = refusal({ method, headers }, this.#hosts);
    if (refused !== null) return respond(response, refused.status, refused.text);
    // What the query says is of no use here.
    const path = request.url?.split("?", 1)[0] ?? "";
    const file = this.#files.get(path);
    const isOrder = path === "/start" || path === "/stop";
    if (isOrder)
      return method === "POST" ? this.#obey(path, request, response) : notAllowed(response, "POST");
    if (path !== "/events" && file === undefined) return respond(response, 404, "Not found.");
    if (method !== "GET" && method !== "HEAD") return notAllowed(response, "GET, HEAD");
    if (file !== undefined) {
      response.writeHead(200, { ...securityHeaders, "Content-Type": file.type });
      response.end(file.bytes);
    } else if (method === "HEAD") {
      response.writeHead(200, { ...securityHeaders, "Content-Type": "text/event-stream" });
      response.end();
    } else {
      this.#watch(response);
    }
  }

  #watch(response: ServerResponse): void {
    if (this.#pages >= maxPages) return respond(response, 503, "Too many pages are open.");
    this.#pages += 1;
    const stream = new EventStream(response, securityHeaders);
    const leave = this.#laboratory.watch((message) => stream.send(message));
    response.once("close", () => {
      this.#pages -= 1;
      leave();
    });
  }

  async #obey(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await readJson(request);
      if (path === "/start") void this.#laboratory.start(readSettings(body));
      else void this.#laboratory.stop();
      respond(response, 202, "Accepted.");
    } catch (error) {
      const { message } = error as Error;
      if (error instanceof RangeError) respond(response, 413, message);
      else if (error instanceof SyntaxError) respond(response, 400, "The body is not JSON.");
      else if (isReissueError(error)) respond(response, 400, message);
      // The page has gone in the middle of its request.
      else response.destroy();
    }
  }
}

function notAllowed(response: ServerResponse, methods: string): void {
  response.setHeader("Allow", methods);
  respond(response, 405, "Method not allowed.");
}

function respond(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...securityHeaders, "Content-Type": "text/plain; charset=utf-8" });
  response.end(text);
}
