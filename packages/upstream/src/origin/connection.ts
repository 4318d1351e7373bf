import type { Socket } from "node:net";
import { setImmediate } from "node:timers";
import type { TLSSocket } from "node:tls";

import type { Clock } from "@reissue/core";
import { Client, errors, type buildConnector, type Dispatcher } from "undici";

import type { Bagged } from "./bag.ts";
import type { InContext } from "../call/async-context.ts";
import type { OriginConfig } from "../config/origin-config.ts";
import { joinedHeader, type RawHeaders } from "../headers/raw-headers.ts";
import type { ResponseHandler } from "../response/response-handler.ts";
import { hintBufferMs, keepAliveHintMs } from "@reissue/core/internal";
import { dispatchOn } from "./platform-timers.ts";
import type { Turns } from "./turns.ts";

const noHint = Buffer.alloc(0);

/** What follows it comes after the present event has been dealt with, in the context in which it is asked for. */
const afterwards = Promise.resolve();

/** What a connection tells its pool. */
export interface ConnectionOwner {
  readonly turns: Pick<Turns, "count">;
  /** A socket stands. */
  onConnected(connection: Connection): void;
  /** The socket is gone; `error` is why, as undici says it. */
  onDisconnected(connection: Connection, error: Error & { code?: string }): void;
}

/** The request that is on a connection. */
export interface ActiveRequest extends InContext, ResponseHandler {
  /** Ends its whole call, which is not to be sent again. */
  abortCall(error: Error): void;
}

/**
 * One undici Client with at most one request on it, and what it knows about its socket: how many requests that socket
 * has served and since when it has been idle.
 *
 * Undici opens a new socket by itself when the old one dies under a request that was not yet written, so the facts are
 * the socket's, reset whenever one stands, and are asked for at the moment a request is written.
 */
export class Connection implements Bagged {
  readonly #client: Client;
  #socket: Socket | null = null;
  /** The socket that does not stand yet. */
  #opening: Socket | null = null;
  #occupant: ActiveRequest | null = null;
  bagIndex = -1;
  /** Requests answered whole on the present socket. */
  served = 0;
  /** Since when the present socket has had nothing to do, in ms of the clock. */
  idleSinceMs = 0;
  /** Whether undici is telling of the end of a request on it, and not yet ready for another one. */
  completing = false;
  /** Whether the event loop has turned since it came back, so that a close that followed the answer would be known. */
  settled = true;
  /** Whether the present socket speaks HTTP/2. */
  http2 = false;
  /** Whether a request has been written on the present socket and not been answered whole. */
  writtenOn = false;
  /** The least time that a round trip on the present socket was seen to take, in ms. */
  roundTripMs: number = Infinity;
  /** When the present socket was seen to die, in ms of the clock; null while it stands. */
  diedAtMs: number | null = null;
  /** In which turn of the event loop that was. */
  diedIn = -1;
  /** What the server's latest Keep-Alive hint on this connection allows, less the buffer, in ms. */
  hintMs: number = Infinity;
  #hint: Buffer = noHint;
  /** Whether the kernel can be asked for what has come on the present socket and not been read. */
  #canLook = false;
  /** Hands a request to undici that is held back. */
  #held: (() => void) | null = null;
  readonly #idleMs: number;
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
    this.#client = new Client(origin, {
      ...settings.client,
      connect: (options, callback) => {
        const open = (): unknown =>
          connector(options, (...result) => {
            this.#opening = null;
            if (result[0] === null) {
              this.#stand(result[1]);
              owner.onConnected(this);
            }
            callback(...result);
          });
        // Where a socket died before the write, undici asks for another one from an event of the dead one.
        const context = this.#occupant?.context;
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

  /** Whether a socket stands, as far as is known. */
  get open(): boolean {
    return this.#socket !== null && !this.#socket.destroyed;
  }

  /** Takes note of how long a request took from its write to the end of its answer, which no round trip is longer than. */
  takeExchange(ms: number): void {
    if (ms < this.roundTripMs) this.roundTripMs = ms;
  }

  /** Reads the server's hint off an answer's headers. */
  takeHint(headers: RawHeaders): void {
    const value = joinedHeader(headers, "keep-alive");
    // Servers say the same thing each time.
    if (value === null || isSame(this.#hint, value)) return;
    this.#hint = Buffer.from(value);
    const hintMs = keepAliveHintMs(value.toString("latin1"));
    this.hintMs = hintMs === null ? Infinity : hintMs - hintBufferMs;
  }

  /** Whether something has come that was not read, which on an idle connection is its end; false where Node cannot tell. */
  get hasUnread(): boolean {
    return this.#canLook && handleOf(this.#socket)?.hasPendingRead?.() === true;
  }

  /**
   * Hands a request to undici, which writes it as soon as the socket stands.
   *
   * @param careful - Whether it cannot be resent: where the kernel cannot be asked, the loop is given a turn more than
   * undici gives it: what came while the loop was held up is read in the turn after the next. A request given out from an
   * immediate is held too, although undici's own turn then has a poll in it: in bursts the end often comes a turn later.
   */
  dispatch(options: Dispatcher.DispatchOptions, occupant: ActiveRequest, careful: boolean): void {
    this.#occupant = occupant;
    this.#closeIdleAfter(0);
    const dispatch = (): void =>
      dispatchOn(this.#client, options, occupant as unknown as Dispatcher.DispatchHandler);
    // Dispatched before undici has done with the request before, it would be written from an event of that one.
    if (this.completing) void afterwards.then(dispatch);
    else if (careful && this.#mustHold) this.#hold(dispatch);
    else dispatch();
  }

  /** Takes note that its request has ended. */
  onRequestEnd(): void {
    this.#occupant = null;
    this.#closeIdleAfter(this.#idleMs);
  }

  /** Closes it once what is on it has ended. */
  closeWhenIdle(): void {
    this.#letGo();
    void this.#client.close();
  }

  /** Closes it at once, though it be still connecting; a request on it fails with `error`. */
  destroy(error: Error | null): Promise<void> {
    const destroyed = this.#client.destroy(error);
    // Undici waits for a socket that does not stand yet, for as long as connecting may take.
    this.#opening?.destroy(new errors.ClientDestroyedError());
    this.#letGo();
    return destroyed;
  }

  /** Closes it at once, and ends the call of the request that is on it. */
  abortCall(error: Error): Promise<void> {
    this.#occupant?.abortCall(error);
    return this.destroy(error);
  }

  /** Whether undici's own turn might end before the loop has polled, and the kernel cannot be asked instead. */
  get #mustHold(): boolean {
    return this.served > 0 && this.open && !this.#canLook;
  }

  #hold(dispatch: () => void): void {
    this.#held = dispatch;
    setImmediate(() => this.#letGo());
  }

  #letGo(): void {
    const dispatch = this.#held;
    this.#held = null;
    dispatch?.();
  }

  /** Begins anew with a socket that stands. */
  #stand(socket: Socket | TLSSocket): void {
    this.#socket = socket;
    // What comes on an idle HTTP/2 connection need not be its end.
    this.#canLook = !this.http2 && handleOf(socket)?.hasPendingRead !== undefined;
    this.http2 = isHttp2(socket);
    if (this.http2) socket.on("timeout", closeIdle);
    this.served = 0;
    this.hintMs = Infinity;
    this.#hint = noHint;
    this.diedAtMs = null;
    const onDeath = (): void => {
      if (this.#socket !== socket || this.diedAtMs !== null) return;
      this.diedAtMs = this.#clock.now();
      this.diedIn = this.#owner.turns.count;
    };
    // Undici tells of a death once the socket is closed, behind all that is done for others that died with it.
    socket.on("error", onDeath).on("end", onDeath).on("close", onDeath);
  }

  /** Measures a round trip: from the looked-up address to the end of TCP's handshake. */
  #timeConnect(socket: Socket): void {
    this.roundTripMs = Infinity;
    let startedAtMs = this.#clock.now();
    socket.on("lookup", () => {
      startedAtMs = this.#clock.now();
    });
    socket.once("connect", () => this.takeExchange(this.#clock.now() - startedAtMs));
  }

  /** Undici itself closes idle connections of HTTP/1.1 but not of HTTP/2; 0 for never. */
  #closeIdleAfter(ms: number): void {
    if (this.#socket !== null && this.http2) this.#socket.setTimeout(ms);
  }
}

/** The part of a socket's handle that newer versions of Node have; it is not public, and so only used where it is there. */
interface Handle {
  readonly hasPendingRead?: () => boolean;
}

function handleOf(socket: Socket | null): Handle | null {
  return (socket as { readonly _handle?: Handle | null } | null)?._handle ?? null;
}

function closeIdle(this: Socket): void {
  this.destroy(new errors.InformationalError("socket idle timeout"));
}

function isHttp2(socket: Socket | TLSSocket): boolean {
  return "alpnProtocol" in socket && socket.alpnProtocol === "h2";
}

/** As `equals`, without the call into native code that costs more than to compare a few bytes. */
function isSame(one: Buffer, other: Buffer): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index += 1) {
    if (one[index] !== other[index]) return false;
  }
  return true;
}
