// @ts-check
import http from "node:http";

const slot = Symbol("floor");

/**
 * The least that an agent of node:http must do to send a request again: it keeps what the request wrote, and notices the
 * first byte of the response. It decides nothing and sends nothing again; what it costs, no agent can save.
 */
export class FloorAgent extends http.Agent {
  /**
   * @param {any} request
   * @param {object} options
   */
  addRequest(request, options) {
    request[slot] = { isPending: true, writes: [] };
    // @ts-expect-error The method is not in the types.
    super.addRequest(request, options);
  }

  /**
   * @param {object} request
   * @param {object} options
   * @param {(error: Error | null, socket: any) => void} callback
   */
  createSocket(request, options, callback) {
    // @ts-expect-error The method is not in the types.
    super.createSocket(request, options, (error, socket) => {
      if (error === null) Object.assign(socket, { emit, write });
      callback(error, socket);
    });
  }
}

/**
 * @this {any}
 * @param {...any} args
 */
function emit(...args) {
  const sent = args[0] === "data" ? this._httpMessage?.[slot] : undefined;
  if (sent?.isPending) {
    sent.isPending = false;
    sent.writes = [];
  }
  return Object.getPrototypeOf(this).emit.apply(this, args);
}

/**
 * @this {any}
 * @param {any} data
 * @param {any} encoding
 * @param {any} callback
 */
function write(data, encoding, callback) {
  const sent = this._httpMessage?.[slot];
  if (sent?.isPending) sent.writes.push({ data, encoding, callback });
  return Object.getPrototypeOf(this).write.call(this, data, encoding, callback);
}
