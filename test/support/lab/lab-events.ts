import { expect } from "vitest";

/** Message of the laboratory, as the page gets it. */
interface LabMessage {
  readonly type: string;
  readonly [field: string]: any;
}

/** Events of a laboratory, as a page reads them. */
export class LabEvents {
  readonly messages: LabMessage[] = [];
  readonly #abort = new AbortController();

  private constructor() {}

  /** Connects, and returns once the first message has come. */
  static async open(url: string): Promise<LabEvents> {
    const events = new LabEvents();
    const response = await fetch(`${url}events`, { signal: events.#abort.signal });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    void events.#read(response).catch(() => {});
    await events.until((messages) => messages.length > 0);
    return events;
  }

  /** Messages of one type. */
  of(type: string): LabMessage[] {
    return this.messages.filter((message) => message.type === type);
  }

  until(condition: (messages: LabMessage[]) => boolean, timeout: number = 20_000): Promise<void> {
    return expect.poll(() => condition(this.messages), { timeout, interval: 50 }).toBe(true);
  }

  close(): void {
    this.#abort.abort();
  }

  async #read(response: Response): Promise<void> {
    let text = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const parts = text.split("\n\n");
      text = parts.pop() ?? "";
      for (const part of parts) {
        if (part.startsWith("data: ")) this.messages.push(JSON.parse(part.slice(6)));
      }
    }
  }
}
