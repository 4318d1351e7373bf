import type { SocketEvent } from "../sockets/socket-event.ts";
import type { RaceDecision } from "./race-call.ts";

/** What happened so far to a call that has not ended. */
export interface OpenCall {
  /** Ports of the connections that it was written on, in order. */
  readonly ports: number[];
  readonly decisions: RaceDecision[];
}

/** Calls of a contender that have not ended, by their request ids. */
export class CallLog {
  readonly #calls = new Map<string, OpenCall>();

  open(id: string): void {
    this.#calls.set(id, { ports: [], decisions: [] });
  }

  /** Records a send. */
  onWrite({ requestId, port }: SocketEvent): void {
    this.#calls.get(requestId ?? "")?.ports.push(port);
  }

  onDecision(id: string, decision: RaceDecision): void {
    this.#calls.get(id)?.decisions.push(decision);
  }

  close(id: string): OpenCall {
    const call = this.#calls.get(id) ?? { ports: [], decisions: [] };
    this.#calls.delete(id);
    return call;
  }
}
