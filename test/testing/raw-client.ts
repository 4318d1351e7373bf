import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** How the other side closed: orderly, by reset, or not yet. */
export type Ending = "fin" | "rst" | "open";

/** A raw client connection: sends text, and keeps what comes back as text. */
export class Wire {
  text = "";
  ending: Ending = "open";
  readonly socket: Socket;
  #changed: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    const see = (ending?: Ending): void => {
      if (ending !== undefined && this.ending === "open") this.ending = ending;
      this.#changed();
    };
    socket.on("data", (data: Buffer) => {
      this.text += data.toString("latin1");
      see();
    });
    socket.on("end", () => see("fin"));
    socket.on("error", () => see("rst"));
  }

  static async open(port: number): Promise<Wire> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const wire = new Wire(socket);
    await once(socket, "connect");
    return wire;
  }

  send(text: string | Buffer): void {
    this.socket.write(text);
  }

  /** Waits until what came back fits; rejects after a while. */
  async until(fits: (text: string, ending: Ending) => boolean, timeoutMs = 3_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!fits(this.text, this.ending)) {
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`timed out: ${this.ending} ${JSON.stringify(this.text)}`);
      await new Promise<void>((resolve) => {
        // real time: a limit for what never comes
        const timer = setTimeout(resolve, left);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Sends a request and waits for one whole `ok`. */
  async served(request: string = get("warm")): Promise<void> {
    const before = this.text.length;
    this.send(request);
    await this.until((text) => text.slice(before).endsWith("\r\n\r\nok"));
    this.text = this.text.slice(0, before);
  }

  /** Waits for the other side's close. */
  async closed(): Promise<Ending> {
    await this.until((_, ending) => ending !== "open");
    return this.ending;
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** A GET as it looks on the wire. */
export function get(id: string, path: string = "/"): string {
  return `GET ${path} HTTP/1.1\r\nHost: test\r\nX-Request-Id: ${id}\r\n\r\n`;
}

/** A POST of a small body. */
export function post(id: string, body: string = "abc"): string {
  return `POST / HTTP/1.1\r\nHost: test\r\nX-Request-Id: ${id}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
