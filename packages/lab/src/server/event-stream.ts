import type { ServerResponse } from "node:http";

/** Bytes that may wait for a page, beyond which it is disconnected: it has gone to sleep, and will connect again. */
const maxWaitingBytes = 1 << 20;

/** Server-sent events to one page. */
export class EventStream {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse, headers: Readonly<Record<string, string>>) {
    this.#response = response;
    response.writeHead(200, { ...headers, "Content-Type": "text/event-stream" });
    // Time after which a browser connects again, in ms.
    response.write("retry: 1000\n\n");
  }

  send(message: object): void {
    const { writableLength } = this.#response;
    if (writableLength > maxWaitingBytes) this.#response.destroy();
    else this.#response.write(`data: ${JSON.stringify(message)}\n\n`);
  }
}
