// @ts-check
import { AsyncResource } from "node:async_hooks";

import { Client, Dispatcher } from "undici";

/**
 * The least that a client must do which chooses its connections and keeps what a resend needs: an undici Client for each
 * connection, a copy of the options, the asynchronous context of the call, a handler between undici's and the caller's
 * that notes the write and the first byte of the response, and for a request that cannot be resent a connection that was
 * returned some turns of the event loop ago. It decides nothing, limits no time and sends nothing again; what it costs,
 * no such client can save.
 */
export class FloorClient extends Dispatcher {
  /** @type {Client[]} */
  #idle = [];
  /** @type {Client[]} */
  #returned = [];
  /** @type {FloorCall[]} */
  #waiting = [];
  #opened = 0;
  #origin;
  #connections;
  #turns;

  /**
   * @param {string} origin
   * @param {{ connections: number, turns: number }} options - `turns`: 1 where the kernel tells of unread bytes, else 2.
   */
  constructor(origin, { connections, turns }) {
    super();
    this.#origin = origin;
    this.#connections = connections;
    this.#turns = turns;
  }

  /**
   * @override
   * @param {any} options
   * @param {any} handler
   */
  dispatch(options, handler) {
    const { path, method, headers, body } = options;
    const call = new FloorCall(this, { path, method, headers: { ...headers }, body }, handler);
    handler.onConnect((/** @type {Error} */ error) => call.abort?.(error));
    const client = this.#take(method);
    if (client === undefined) this.#waiting.push(call);
    else call.send(client);
    return true;
  }

  /** @param {Client} client */
  giveBack(client) {
    this.#returned.push(client);
    if (this.#returned.length === 1) this.#settleAfter(this.#turns);
  }

  /** @param {number} turns */
  #settleAfter(turns) {
    setImmediate(() => {
      if (turns > 1) return this.#settleAfter(turns - 1);
      this.#idle.push(...this.#returned);
      this.#returned.length = 0;
      while (this.#waiting.length > 0 && this.#idle.length > 0) {
        const call = /** @type {FloorCall} */ (this.#waiting.shift());
        const client = /** @type {Client} */ (this.#idle.pop());
        call.runInAsyncScope(() => call.send(client));
      }
    });
  }

  /** @param {string} method */
  #take(method) {
    const found = this.#idle.pop() ?? (method === "GET" ? this.#returned.pop() : undefined);
    if (found !== undefined || this.#opened === this.#connections) return found;
    this.#opened += 1;
    return new Client(this.#origin);
  }
}

class FloorCall extends AsyncResource {
  /** @type {((error?: Error) => void) | null} */
  abort = null;
  writtenAtMs = 0;
  hasBegun = false;
  /** @type {Client | null} */
  client = null;

  /**
   * @param {FloorClient} owner
   * @param {object} options
   * @param {any} handler
   */
  constructor(owner, options, handler) {
    super("floor");
    this.owner = owner;
    this.options = options;
    this.handler = handler;
  }

  /** @param {Client} client */
  send(client) {
    this.client = client;
    client.dispatch(/** @type {any} */ (this.options), /** @type {any} */ (this));
  }

  /** @param {(error?: Error) => void} abort */
  onConnect(abort) {
    this.abort = abort;
    this.writtenAtMs = performance.now();
  }

  onResponseStarted() {
    this.hasBegun = true;
  }

  /**
   * @param {number} status
   * @param {Buffer[]} headers
   * @param {() => void} resume
   * @param {string} statusText
   */
  onHeaders(status, headers, resume, statusText) {
    return this.handler.onHeaders(status, headers, resume, statusText);
  }

  /** @param {Buffer} chunk */
  onData(chunk) {
    return this.handler.onData(chunk);
  }

  /** @param {Buffer[]} trailers */
  onComplete(trailers) {
    this.owner.giveBack(/** @type {Client} */ (this.client));
    this.handler.onComplete(trailers);
  }

  /** @param {Error} error */
  onError(error) {
    this.handler.onError(error);
  }
}
