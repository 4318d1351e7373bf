import type { Socket } from "node:net";
import { setImmediate } from "node:timers";
import type { TLSSocket } from "node:tls";

import type { Clock } from "@reissue/core";
import type { buildConnector, Client, Dispatcher } from "undici";

import { type Bagged, hintBufferMs, keepAliveHintMs } from "@reissue/core/internal";
import type { InContext } from "../call/async-context.ts";
import type { OriginConfig } from "../config/origin-config.ts";
import { joinedHeader, type RawHeaders } from "../headers/raw-headers.ts";
import { NewerHandler } from "../response/newer-handler.ts";
import type { ResponseHandler } from "../response/response-handler.ts";
import type { ResponsePause } from "../response/response-pause.ts";
import { dispatchOn } from "./platform-timers.ts";
import type { Turns } from "./turns.ts";
import { hasOnlyNewerInterface, undici } from "../undici.ts";

const noHint = Buffer.alloc(0);

/** Continuations of this promise run after the present event, in the context in which they are attached. */
const afterwards = Promise.resolve();

/** Owner of a connection: its pool. */
export interface ConnectionOwner {
  readonly turns: Pick<Turns, "count">;
  /** Called when a socket is established. */
  onConnected(connection: Connection): void;
  /** Called when the socket is closed; `error` is undici's reason. */
  onDisconnected(connection: Connection, error: Error & { code?: string }): void;
}

/** Response that its caller reads, or leaves unread. */
export interface Reading {
  /** Instant since which the caller has a response and takes nothing of it, in ms of the clock; null if it reads. */
  readonly unreadSinceMs: number | null;
}

/** Request on a connection. */
export interface ActiveRequest extends InContext, ResponseHandler, Reading {
  /** Ends the whole call of the request, which is not resent. */
  abortCall(error: Error): void;
  readonly pause: ResponsePause;
}

/**
 * One undici Client with at most one request, and the facts of its socket: how many requests it has served, and since
 * when it has been idle.
 *
 * Undici opens a new socket itself when the old one dies under a request that was not yet written. The facts are
 * therefore the socket's: reset when one is established, and read when a request is written.
 */
export class Connection implements Bagged {
  readonly #client: Client;
  #socket: Socket | null = null;
  /** Socket that is connecting. */
  #opening: Socket | null = null;
  #request: ActiveRequest | null = null;
  bagIndex = -1;
  /** Requests completed on the present socket. */
  served = 0;
  /** Instant since which the present socket has been idle, in ms of the clock. */
  idleSinceMs = 0;
  /** Whether undici is reporting the end of a request, and is not yet ready for another. */
  completing = false;
  /**
   * False until one event loop turn after the response: a server that closes without announcing it is noticed within
   * that turn.
   */
  settled = true;
  /** Whether the present socket speaks HTTP/2. */
  http2 = false;
  /** Whether a request has been written on the present socket and is not completed. */
  writtenOn = false;
  /** Shortest round trip seen on the present socket, in ms. */
  roundTripMs: number = Infinity;
  /** Instant at which the present socket was seen to die, in ms of the clock; null while it is open. */
  diedAtMs: number | null = null;
  /** Event loop turn of that instant. */
  diedIn = -1;
  /** Idle time that the server's latest Keep-Alive hint allows, less the buffer, in ms. */
  hintMs: number = Infinity;
  #hint: Buffer = noHint;
  /** Whether the kernel can tell of unread bytes on the present socket. */
  #canSeeUnread = false;
  /** Hands the held request to undici. */
  #held: (() => void) | null = null;
  readonly #idleMs: number;
  /** Whether requests are adapted to undici 8's interface. */
  readonly #adapts: boolean;
  readonly #owner: ConnectionOwner;
  readonly #clock: Clock;

  constructor(
    origin: string,
    settings: OriginConfig,
    connector: buildConnector.connector,
    owner: ConnectionOwner,
    clock: Clock,
  ) {
    this.#idleMs = settings.idleMs;
    this.#owner = owner;
    this.#clock = clock;
    this.#adapts = hasOnlyNewerInterface();
    this.#client = new (undici().Client)(origin, {
      ...settings.client,
      connect: (options, callback) => {
        const open = (): unknown =>
          connector(options, (...result) => {
            this.#opening = null;
            if (result[0] === null) {
              this.#onEstablished(result[1]);
              owner.onConnected(this);
            }
            callback(...result);
          });
        // Where a socket died before the write, undici opens another in an event of the dead one.
        const context = this.#request?.context;
        const opening = context === undefined ? open() : context.runInAsyncScope(open);
        this.#opening = opening as Socket;
        this.#timeConnect(this.#opening);
      },
    });
    this.#client.on("disconnect", (_origin, _targets, error) => {
      this.#socket = null;
      owner.onDisconnected(this, error);
    });
  }

  /** Whether a socket is established, as far as is known. */
  get open(): boolean {
    return this.#socket !== null && !this.#socket.destroyed && this.diedAtMs === null;
  }

  /** Instant since which the response of the request stays unread, in ms of the clock; null if it does not. */
  get unreadSinceMs(): number | null {
    return this.#request?.unreadSinceMs ?? null;
  }

  /** Idle time of the present socket, in ms; null if it has served no request. */
  idleMsAt(nowMs: number): number | null {
    return this.served === 0 ? null : nowMs - this.idleSinceMs;
  }

  /** Notes the time from the write of a request to the end of its response: no round trip is longer. */
  noteExchange(ms: number): void {
    if (ms < this.roundTripMs) this.roundTripMs = ms;
  }

  /** Reads the server's Keep-Alive hint. */
  takeHint(headers: RawHeaders): void {
    const value = joinedHeader(headers, "keep-alive");
    // Most servers send the same hint each time.
    if (value === null || isSame(this.#hint, value)) return;
    this.#hint = Buffer.from(value);
    const hintMs = keepAliveHintMs(value.toString("latin1"));
    this.hintMs = hintMs === null ? Infinity : hintMs - hintBufferMs;
  }

  /** Whether unread bytes have come, which on an idle connection are its end; false where Node cannot tell. */
  get hasUnread(): boolean {
    return this.#canSeeUnread && handleOf(this.#socket)?.hasPendingRead?.() === true;
  }

  /**
   * Hands a request to undici, which writes it once the socket is established.
   *
   * @param careful - Whether the request cannot be resent. Where the kernel cannot tell of unread bytes, the request
   *   then waits one event loop turn longer than undici's own: what came while the loop was blocked is read in the turn
   *   after the next. A request that is dispatched from an immediate waits too, although undici's own turn then
   *   includes a poll: in bursts the end often comes a turn later.
   */
  dispatch(options: Dispatcher.DispatchOptions, request: ActiveRequest, careful: boolean): void {
    this.#request = request;
    this.#closeIdleAfter(0);
    // Dispatched before undici has finished the previous request, it would be written in an event of that one.
    if (this.completing) void afterwards.then(() => this.#dispatch(options, request));
    else if (careful && this.#mustHold) this.#hold(() => this.#dispatch(options, request));
    else this.#dispatch(options, request);
  }

  /** Notes the end of the request. */
  onRequestEnd(): void {
    this.#request = null;
    this.#closeIdleAfter(this.#idleMs);
  }

  /** Closes the connection once its request has ended. */
  closeWhenIdle(): void {
    this.#dispatchHeld();
    void this.#client.close();
  }

  /** Closes the connection immediately, even while connecting; its request fails with `error`. */
  destroy(error: Error | null): Promise<void> {
    const destroyed = this.#client.destroy(error);
    // Undici would wait for a connecting socket, for as long as connecting may take.
    this.#opening?.destroy(new (undici().errors.ClientDestroyedError)());
    this.#dispatchHeld();
    return destroyed;
  }

  /** Closes the connection immediately, and ends the call of its request. */
  abortCall(error: Error): Promise<void> {
    this.#request?.abortCall(error);
    return this.destroy(error);
  }

  /** Whether undici's own turn might end before the loop has polled, and the kernel cannot tell either. */
  get #mustHold(): boolean {
    return this.served > 0 && this.open && !this.#canSeeUnread;
  }

  #dispatch(options: Dispatcher.DispatchOptions, request: ActiveRequest): void {
    const handler: unknown = this.#adapts ? new NewerHandler(request) : request;
    dispatchOn(this.#client, options, handler as Dispatcher.DispatchHandler);
  }

  #hold(dispatch: () => void): void {
    this.#held = dispatch;
    setImmediate(() => this.#dispatchHeld());
  }

  #dispatchHeld(): void {
    const dispatch = this.#held;
    this.#held = null;
    dispatch?.();
  }

  /** Resets the facts for an established socket. */
  #onEstablished(socket: Socket | TLSSocket): void {
    this.#socket = socket;
    this.http2 = isHttp2(socket);
    // Bytes on an idle HTTP/2 connection are not necessarily its end.
    this.#canSeeUnread = !this.http2 && handleOf(socket)?.hasPendingRead !== undefined;
    if (this.http2) socket.on("timeout", closeIdle);
    this.served = 0;
    this.hintMs = Infinity;
    this.#hint = noHint;
    this.diedAtMs = null;
    const onDeath = (): void => {
      if (this.#socket !== socket || this.diedAtMs !== null) return;
      this.diedAtMs = this.#clock.now();
      this.diedIn = this.#owner.turns.count;
      if (!this.http2) this.#request?.pause.lift(socket);
    };
    // Undici reports a death once the socket is closed, after everything that is done for other sockets that died with
    // it.
    socket.on("error", onDeath).on("end", onDeath).on("close", onDeath);
  }

  /** Measures a round trip: from the end of the address lookup to the end of TCP's handshake. */
  #timeConnect(socket: Socket): void {
    this.roundTripMs = Infinity;
    let startedAtMs = this.#clock.now();
    socket.on("lookup", () => {
      startedAtMs = this.#clock.now();
    });
    socket.once("connect", () => this.noteExchange(this.#clock.now() - startedAtMs));
  }

  /** Undici itself closes idle connections of HTTP/1.1 but not of HTTP/2; 0 for never. */
  #closeIdleAfter(ms: number): void {
    if (this.#socket !== null && this.http2) this.#socket.setTimeout(ms);
  }
}

/** Part of a socket's handle in newer versions of Node. Not public, and used only where it exists. */
interface Handle {
  readonly hasPendingRead?: () => boolean;
}

function handleOf(socket: Socket | null): Handle | null {
  return (socket as { readonly _handle?: Handle | null } | null)?._handle ?? null;
}

function closeIdle(this: Socket): void {
  this.destroy(new (undici().errors.InformationalError)("socket idle timeout"));
}

function isHttp2(socket: Socket | TLSSocket): boolean {
  return "alpnProtocol" in socket && socket.alpnProtocol === "h2";
}

/** Compares two buffers. perf: docs/performance.md#raw-headers */
function isSame(one: Buffer, other: Buffer): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index += 1) {
    if (one[index] !== other[index]) return false;
  }
  return true;
}
