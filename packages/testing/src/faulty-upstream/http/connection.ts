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

const MAX_HEAD = 65_536;
const MAX_WAITING = 65_536;
const LINGER_MS = 1_000;
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const IDLE_408 = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/** A request on its connection, with the fault the plan chose for it. */
export interface Exchange {
  readonly request: ReceivedRequest;
  readonly fault: Fault | null;
  /** Whether the client lets the connection live on after this exchange. */
  readonly keepAlive: boolean;
}

/** What a connection needs of the upstream that accepted it. */
export interface ConnectionHost {
  readonly ledger: RequestLog;
  readonly plan: FaultPlan;
  /** Milliseconds of idleness after which the connection is closed; Infinity for never. */
  readonly idleTimeoutMs: number;
  readonly idleClose: Closing | "408";
  readonly keepBodyBytes: number;
  /** A head has arrived; false when its fault strikes before the body is read. */
  onHead(connection: Connection, exchange: Exchange): boolean;
  /** More of the body, or all of it, has arrived; null when there is none. */
  onBody(exchange: Exchange, body: RequestBody | null): void;
  /** The body is whole; the host answers, and then calls {@link Connection.complete}. */
  onWhole(connection: Connection, exchange: Exchange): void;
  /** Bytes came after the upstream had closed its side: the race. */
  onLate(): void;
  onClose(connection: Connection): void;
}

/**
 * One accepted connection: reads requests off the socket one after the other and hands them to its host.
 *
 * States: `head` waits for a request, `body` reads one, `busy` answers one, `hang` never will, `ended` has sent FIN.
 */
export class Connection {
  /** 1-based, in the order of acceptance. */
  readonly number: number;
  /** Heads read so far. */
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
    // A client's reset is an everyday event here; `close` follows.
    socket.on("error", () => {});
    socket.on("close", () => this.#onClose());
  }

  /** Whether no request is on it, not even a part of one, and every answer has been handed to the kernel. */
  get idle(): boolean {
    return this.#state === "head" && this.#buffer === null && this.#socket.writableLength === 0;
  }

  /** Closes with a real RST; what was written but not read by the client may be lost. */
  reset(): void {
    this.#state = "ended";
    const socket = this.#socket;
    if (socket.destroyed) return;
    // libuv refuses a reset while a FIN is on its way out, and Node then loses the handle.
    if (socket.writableEnded && !socket.writableFinished) socket.destroy();
    else socket.resetAndDestroy();
  }

  /**
   * Sends FIN and reads on, so that the close stays orderly, until the client has closed too or a second is over.
   *
   * @param resetLate - answer bytes that come now with RST, as the kernel does for a socket that was closed.
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
    this.#lingerTimer = setTimeout(() => this.#socket.destroy(), LINGER_MS);
  }

  /** Closes either way. */
  shut(closing: Closing, resetLate: boolean = false): void {
    if (closing === "rst") this.reset();
    else this.end(resetLate);
  }

  /** Gives up on it without a farewell; the kernel sends FIN, or RST if bytes were left unread. */
  destroy(): void {
    this.#state = "ended";
    this.#socket.destroy();
  }

  /** Never answers; still reads, to notice the client leaving. */
  hang(): void {
    if (this.#state === "ended") return;
    this.#state = "hang";
    this.#buffer = null;
    this.#socket.resume();
    if (this.#peerEnded) this.destroy();
  }

  /** Writes bytes; `then` runs once the kernel has taken them, and not at all if the connection dies first. */
  write(bytes: Buffer | string, then?: () => void): void {
    if (!this.#socket.writable) return;
    if (then === undefined) this.#socket.write(bytes);
    else this.#socket.write(bytes, (error) => (error ? undefined : then()));
  }

  /** Runs `step` after a delay unless the connection is closed by then; one step at a time. */
  later(delayMs: number, step: () => void): void {
    if (this.#state === "ended") return;
    if (delayMs <= 0) return step();
    if (this.#stepTimer !== null) clearTimeout(this.#stepTimer);
    this.#stepTimer = setTimeout(() => {
      if (this.#state !== "ended") step();
    }, delayMs);
  }

  /** The answer to the current request has been written; goes on to the next, or closes. */
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
    if (this.#host.idleClose === "408") this.write(IDLE_408);
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
      if (this.#buffer.length > MAX_WAITING) this.#socket.pause();
    } else {
      this.#read();
    }
  }

  #read(): void {
    // An answer given at once completes inside this loop; re-entering would recurse once a pipelined request.
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
      if (this.#buffer.length > MAX_HEAD) throw new BadRequest("head too large", 431);
      return false;
    }
    const head = parseHead(this.#buffer.toString("latin1", start, end));
    this.#rest(end + 4);
    const host = this.#host;
    const request = host.ledger.arrive(head, this.number, ++this.requests);
    const fault = host.plan.next(request);
    if (fault !== null) host.ledger.strike(request, fault.fault);
    const exchange: Exchange = { request, fault, keepAlive: head.keepAlive };
    this.#exchange = exchange;
    this.#body = head.length === 0 ? null : new RequestBody(head.length, host.keepBodyBytes);
    this.#state = "busy";
    if (!host.onHead(this, exchange)) return false;
    if (this.#body === null) {
      this.#whole(exchange);
    } else {
      this.#state = "body";
      if (head.expectsContinue) this.write(CONTINUE);
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
    // A client that has sent its requests whole may still read the answers; all others have left.
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
