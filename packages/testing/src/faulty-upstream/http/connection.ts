import type { Socket } from "node:net";
import { clearTimeout, setTimeout } from "node:timers";

import type { Closing, Fault } from "../faults/fault.ts";
import type { FaultPlan } from "../faults/fault-plan.ts";
import { IdleWatch } from "../faults/idle-watch.ts";
import type { RequestLog } from "../request-log.ts";
import type { ReceivedRequest } from "./received-request.ts";
import { RequestBody } from "./request-body.ts";
import { BadRequest, parseHead } from "./request-head.ts";
import { encodeResponse } from "./encoded-response.ts";

const maxHeadBytes = 65_536;
const maxWaitingBytes = 65_536;
const lingerMs = 1_000;
const continueHead = "HTTP/1.1 100 Continue\r\n\r\n";
const idleTimeoutResponse =
  "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/** A request on its connection, with the fault that the plan has chosen. */
export interface Exchange {
  readonly request: ReceivedRequest;
  readonly fault: Fault | null;
  /** Whether the client keeps the connection open after this exchange. */
  readonly keepAlive: boolean;
}

/** The members of an upstream that its connections use. */
export interface ConnectionHost {
  readonly log: RequestLog;
  readonly plan: FaultPlan;
  /** Milliseconds of idleness after which the connection is closed; Infinity for never. */
  readonly idleTimeoutMs: number;
  readonly idleClose: Closing | "408";
  readonly keepBodyBytes: number;
  /** Called with each head; returns false when the fault is applied before the body is read. */
  onHead(connection: Connection, exchange: Exchange): boolean;
  /** Called with the body so far, as more of it arrives; null when there is none. */
  onBody(exchange: Exchange, body: RequestBody | null): void;
  /** Called once the body is complete; the host responds, and then calls {@link Connection.complete}. */
  onWhole(connection: Connection, exchange: Exchange): void;
  /** Called where bytes arrive after the upstream has closed its side: the keep-alive race. */
  onLate(): void;
  onClose(connection: Connection): void;
}

/**
 * One accepted connection: reads one request after the other from the socket, and passes them to its host.
 *
 * States: `head` waits for a request, `body` reads its body, `busy` responds, `hang` never does, `ended` has sent FIN.
 */
export class Connection {
  /** 1-based, in the order of acceptance. */
  readonly number: number;
  /** The number of heads read so far. */
  requests: number = 0;
  readonly #host: ConnectionHost;
  readonly #socket: Socket;
  #state: "head" | "body" | "busy" | "hang" | "ended" = "head";
  #buffer: Buffer | null = null;
  #reading = false;
  #peerEnded = false;
  #resetLate = false;
  readonly #idleWatch: IdleWatch;
  #stepTimer: NodeJS.Timeout | null = null;
  #lingerTimer: NodeJS.Timeout | null = null;
  #exchange: Exchange | null = null;
  #body: RequestBody | null = null;

  constructor(socket: Socket, number: number, host: ConnectionHost) {
    this.number = number;
    this.#socket = socket;
    this.#host = host;
    this.#idleWatch = new IdleWatch(
      host.idleTimeoutMs,
      () => this.idle,
      () => this.#onIdle(),
    );
    socket.on("data", (data: Buffer) => this.#onData(data));
    socket.on("end", () => this.#onEnd());
    // A reset by the client; `close` follows.
    socket.on("error", () => {});
    socket.on("close", () => this.#onClose());
  }

  /** Whether there is no request, not even a part of one, and every response has been passed to the kernel. */
  get idle(): boolean {
    return this.#state === "head" && this.#buffer === null && this.#socket.writableLength === 0;
  }

  /** Closes with a real RST; bytes that the client has not read yet may be lost. */
  reset(): void {
    this.#state = "ended";
    const socket = this.#socket;
    if (socket.destroyed) return;
    // libuv refuses a reset while a FIN is being sent, and Node then loses the handle.
    if (socket.writableEnded && !socket.writableFinished) socket.destroy();
    else socket.resetAndDestroy();
  }

  /**
   * Sends FIN and goes on reading, so that the close stays orderly, until the client has closed too, or for a second.
   *
   * @param resetLate - Whether to send RST for bytes that arrive from now on, as the kernel does for a closed socket.
   */
  end(resetLate: boolean = false): void {
    if (this.#state === "ended" || this.#socket.destroyed) return;
    if (resetLate && this.#buffer !== null) {
      this.#host.onLate();
      return this.reset();
    }
    this.#state = "ended";
    this.#resetLate = resetLate;
    this.#buffer = null;
    this.#socket.resume();
    this.#socket.end();
    this.#lingerTimer = setTimeout(() => this.#socket.destroy(), lingerMs);
  }

  /** Closes with RST or FIN. */
  shut(closing: Closing, resetLate: boolean = false): void {
    if (closing === "rst") this.reset();
    else this.end(resetLate);
  }

  /** Destroys the socket; the kernel sends FIN, or RST if there are unread bytes. */
  destroy(): void {
    this.#state = "ended";
    this.#socket.destroy();
  }

  /** Never responds; still reads, to notice that the client disconnects. */
  hang(): void {
    if (this.#state === "ended") return;
    this.#state = "hang";
    this.#buffer = null;
    this.#socket.resume();
    if (this.#peerEnded) this.destroy();
  }

  /** Writes bytes; calls `then` once the kernel has accepted them, and not if the connection closes first. */
  write(bytes: Buffer | string, then?: () => void): void {
    if (!this.#socket.writable) return;
    if (then === undefined) this.#socket.write(bytes);
    else this.#socket.write(bytes, (error) => (error ? undefined : then()));
  }

  /** Calls `step` after a delay, unless the connection is closed by then; one step at a time. */
  later(delayMs: number, step: () => void): void {
    if (this.#state === "ended") return;
    if (delayMs <= 0) return step();
    if (this.#stepTimer !== null) clearTimeout(this.#stepTimer);
    this.#stepTimer = setTimeout(() => {
      if (this.#state !== "ended") step();
    }, delayMs);
  }

  /** Ends the current exchange, whose response has been written; reads the next request, or closes. */
  complete(close: boolean): void {
    if (this.#state !== "busy") return;
    this.#exchange = null;
    if (close) return this.end();
    this.#state = "head";
    this.#idleWatch.begin();
    this.#socket.resume();
    this.#read();
  }

  #onIdle(): void {
    if (this.#host.idleClose === "408") this.write(idleTimeoutResponse);
    this.shut(this.#host.idleClose === "rst" ? "rst" : "fin", true);
  }

  #onData(data: Buffer): void {
    if (this.#state === "hang") return;
    if (this.#state === "ended") {
      if (this.#resetLate) {
        this.#resetLate = false;
        this.#host.onLate();
        this.reset();
      }
      return;
    }
    this.#buffer = this.#buffer === null ? data : Buffer.concat([this.#buffer, data]);
    if (this.#state === "busy") {
      if (this.#buffer.length > maxWaitingBytes) this.#socket.pause();
    } else {
      this.#read();
    }
  }

  #read(): void {
    // A synchronous response completes inside this loop; without the guard each pipelined request would recurse.
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (
        this.#buffer !== null &&
        (this.#state === "body" ? this.#readBody() : this.#readHead())
      );
    } catch (error) {
      this.#refuse(error instanceof BadRequest ? error : new BadRequest(String(error), 500));
    } finally {
      this.#reading = false;
    }
    if (this.#peerEnded) this.#onEnd();
  }

  #readHead(): boolean {
    if (this.#state !== "head" || this.#buffer === null) return false;
    let start = 0;
    // RFC 9112 §2.2: empty lines before a request line are ignored.
    while (this.#buffer[start] === 13 && this.#buffer[start + 1] === 10) start += 2;
    const end = this.#buffer.indexOf("\r\n\r\n", start, "latin1");
    if (end === -1) {
      if (this.#buffer.length > maxHeadBytes) throw new BadRequest("head too large", 431);
      return false;
    }
    const head = parseHead(this.#buffer.toString("latin1", start, end));
    this.#rest(end + 4);
    const host = this.#host;
    this.requests += 1;
    const request = host.log.arrive(head, this.number, this.requests);
    const fault = host.plan.next(request);
    if (fault !== null) host.log.strike(request, fault.fault);
    const exchange: Exchange = { request, fault, keepAlive: head.keepAlive };
    this.#exchange = exchange;
    this.#body = head.length === 0 ? null : new RequestBody(head.length, host.keepBodyBytes);
    this.#state = "busy";
    if (!host.onHead(this, exchange)) return false;
    if (this.#body === null) {
      this.#whole(exchange);
    } else {
      this.#state = "body";
      if (head.expectsContinue) this.write(continueHead);
    }
    return true;
  }

  #readBody(): boolean {
    const exchange = this.#exchange;
    const body = this.#body;
    if (this.#buffer === null || exchange === null || body === null) return false;
    this.#rest(body.push(this.#buffer));
    if (!body.done) {
      this.#host.onBody(exchange, body);
      return false;
    }
    this.#whole(exchange);
    return true;
  }

  #whole(exchange: Exchange): void {
    this.#state = "busy";
    this.#host.onBody(exchange, this.#body);
    this.#host.onWhole(this, exchange);
  }

  #rest(from: number): void {
    const buffer = this.#buffer;
    this.#buffer = buffer === null || from >= buffer.length ? null : buffer.subarray(from);
  }

  #refuse(error: BadRequest): void {
    const { status, message } = error;
    this.write(encodeResponse({ status, body: message }, { method: "GET", close: true }).wire);
    this.end();
  }

  #onEnd(): void {
    this.#peerEnded = true;
    // A client that has sent complete requests may still read the responses; others have disconnected.
    if (this.#state === "busy" || this.#state === "ended") return;
    if (this.#state === "head") this.end();
    else this.destroy();
  }

  #onClose(): void {
    this.#state = "ended";
    this.#buffer = null;
    this.#idleWatch.stop();
    if (this.#stepTimer !== null) clearTimeout(this.#stepTimer);
    if (this.#lingerTimer !== null) clearTimeout(this.#lingerTimer);
    this.#host.onClose(this);
  }
}
