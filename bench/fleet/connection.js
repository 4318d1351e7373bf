// @ts-check

/** A keep-alive connection; each end knows of the other's close one way later. */
export class Connection {
  /** Whether the client thinks that it is open. */
  open = true;
  /** Whether the instance still reads from it. */
  openAtInstance = true;
  /** Whether the response says that the instance closes it. */
  closing = false;
  /** Responses so far. */
  served = 0;
  /** Since when the client has had no request on it, in ms. */
  idleSinceMs = 0;
  /** Since when the instance has had none, in ms. */
  restingSinceMs = 0;
  /** Requests that the instance has got and not responded to. */
  pending = 0;
  /** @type {import("./call.js").Call | null} */
  call = null;

  /**
   * @param {import("./client.js").Client} client
   * @param {import("./instance.js").Instance} instance
   */
  constructor(client, instance) {
    this.client = client;
    this.instance = instance;
  }
}
