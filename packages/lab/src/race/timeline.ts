import type { ContenderId } from "../contender/contenders.ts";
import type { SocketEvent } from "../sockets/socket-event.ts";
import type { LabMethod } from "../settings/bounds.ts";
import type { RaceCall, RaceDecision } from "../contender/race-call.ts";

/** Connection that carried a call, or a part of it. */
export interface RaceSocket {
  /** The client's port. */
  readonly port: number;
  /** Requests that it had carried before; 0 for a fresh one. */
  readonly servedBefore: number;
  /** Time since its last response when the request was written, in ms; null for a fresh one. */
  readonly idleMs: number | null;
}

/** Kind of a step of a race. */
export type RaceStepKind = "connect" | "request" | "response" | "fin" | "rst" | "decision" | "end";

/** Step of a race. Times are in ms since the first write of the call. */
export interface RaceStep {
  readonly kind: RaceStepKind;
  /** Index of its socket; null for a step of the call itself. */
  readonly socket: number | null;
  readonly from: "client" | "upstream";
  readonly fromMs: number;
  /** When the other side saw it; null if it never did. */
  readonly toMs: number | null;
  readonly text: string;
}

/** One race, as it was seen at both ends. */
export interface RaceTimeline {
  readonly contender: ContenderId;
  readonly method: LabMethod;
  readonly keyed: boolean;
  readonly sockets: readonly RaceSocket[];
  readonly steps: readonly RaceStep[];
  /** How often the upstream processed the request. */
  readonly processed: number;
  readonly isLost: boolean;
}

/**
 * Draws up the timeline of a call from what its client and the upstream saw.
 *
 * @param upstreamEvents - Events of the call's connections, at the upstream.
 * @returns null if the call's first write is no longer known
 */
export function raceTimeline(
  call: RaceCall,
  upstreamEvents: readonly SocketEvent[],
  processed: number,
): RaceTimeline | null {
  const writes = call.events.filter(
    ({ kind, requestId }) => kind === "write" && requestId === call.id,
  );
  const startMs = writes[0]?.atMs;
  if (startMs === undefined) return null;
  const all = [...call.events, ...upstreamEvents].toSorted((one, other) => one.atMs - other.atMs);
  const sends = writes.map((write) => new Send(call, write, all));
  const steps = [
    ...sends.flatMap((send, index) => send.steps(index)),
    ...call.decisions.map((decision) => decisionStep(decision)),
    endStep(call, startMs),
  ].toSorted((one, other) => one.fromMs - other.fromMs);
  const relative = steps.map((step) => ({
    ...step,
    fromMs: step.fromMs - startMs,
    toMs: step.toMs === null ? null : step.toMs - startMs,
  }));
  const { contender, method, keyed, status } = call;
  const isLost = status === null || status >= 500;
  const sockets = sends.map(({ socket }) => socket);
  return { contender, method, keyed, sockets, steps: relative, processed, isLost };
}

type SocketStep = Omit<RaceStep, "socket">;

/** One send of a call: a write, and what happened around it on its connection. */
class Send {
  readonly socket: RaceSocket;
  readonly #call: RaceCall;
  readonly #write: SocketEvent;
  /** Events of this connection from its last response on, until another request is written. */
  readonly #events: readonly SocketEvent[];

  constructor(call: RaceCall, write: SocketEvent, all: readonly SocketEvent[]) {
    this.#call = call;
    this.#write = write;
    const own = all.filter(({ port }) => port === write.port);
    const last = own.findLast(
      ({ side, kind, atMs }) => side === "upstream" && kind === "write" && atMs < write.atMs,
    );
    const next = own.find(
      ({ requestId, atMs }) =>
        requestId !== undefined && requestId !== call.id && atMs > write.atMs,
    );
    const [fromMs, untilMs] = [last?.atMs ?? -Infinity, next?.atMs ?? Infinity];
    this.#events = own.filter(({ atMs }) => atMs > fromMs && atMs < untilMs);
    const servedBefore = (write.nth ?? 1) - 1;
    const idleMs = servedBefore === 0 || last === undefined ? null : write.atMs - last.atMs;
    this.socket = { port: write.port, servedBefore, idleMs };
  }

  /** Steps with times of the machine's clock. */
  steps(socket: number): RaceStep[] {
    const read = this.#events.find(
      ({ side, requestId }) => side === "upstream" && requestId === this.#call.id,
    );
    const response = this.#events.find(
      ({ side, kind, atMs }) =>
        side === "upstream" && kind === "write" && atMs >= (read?.atMs ?? Infinity),
    );
    const steps = [this.#connect(), this.#request(read), this.#response(response)];
    // Of a connection that is closed after its response, the close is no part of the race.
    if (response === undefined) steps.push(this.#fin(read), this.#rst(read));
    return steps.flatMap((step) => (step === null ? [] : [{ ...step, socket }]));
  }

  #connect(): SocketStep | null {
    const open = this.socket.servedBefore === 0 ? this.#first("client", "open") : undefined;
    if (open === undefined) return null;
    const text = "A fresh connection is open";
    return { kind: "connect", from: "client", fromMs: open.atMs, toMs: null, text };
  }

  #request(read: SocketEvent | undefined): SocketStep {
    const { method } = this.#call;
    const where = this.#isLate(read) ? "arrives on a connection that is closed" : "arrives";
    const end = read === undefined ? "; the upstream never reads it" : `, and ${where}`;
    const toMs = read?.atMs ?? null;
    const text = `${method} is written${end}`;
    return { kind: "request", from: "client", fromMs: this.#write.atMs, toMs, text };
  }

  #response(response: SocketEvent | undefined): SocketStep | null {
    if (response === undefined) return null;
    // The client has no event for the bytes of a response: the end of the call stands for it.
    const toMs = this.#call.status === null ? null : this.#call.endedAtMs;
    const text = "The upstream responds";
    return { kind: "response", from: "upstream", fromMs: response.atMs, toMs, text };
  }

  #fin(read: SocketEvent | undefined): SocketStep | null {
    const seen = this.#first("client", "peer-fin");
    const fin = this.#first("upstream", "fin") ?? seen;
    if (fin === undefined) return null;
    const crosses = this.#isLate(read) && (seen?.atMs ?? Infinity) > this.#write.atMs;
    const text = crosses
      ? "The upstream closes the connection: its FIN crosses the request"
      : "The upstream ends the connection instead of responding: FIN";
    return { kind: "fin", from: "upstream", fromMs: fin.atMs, toMs: seen?.atMs ?? null, text };
  }

  #rst(read: SocketEvent | undefined): SocketStep | null {
    const seen = this.#first("client", "peer-rst");
    const rst = this.#first("upstream", "rst") ?? seen;
    if (rst === undefined) return null;
    const isLate = this.#isLate(read);
    const text = isLate ? "RST, since bytes came after the FIN" : "RST instead of a response";
    return { kind: "rst", from: "upstream", fromMs: rst.atMs, toMs: seen?.atMs ?? null, text };
  }

  /** Whether the request arrived after the upstream had closed its side. */
  #isLate(read: SocketEvent | undefined): boolean {
    const fin = this.#first("upstream", "fin");
    return read !== undefined && fin !== undefined && fin.atMs < read.atMs;
  }

  #first(side: SocketEvent["side"], kind: SocketEvent["kind"]): SocketEvent | undefined {
    return this.#events.find((event) => event.side === side && event.kind === kind);
  }
}

function decisionStep(decision: RaceDecision): RaceStep {
  const { atMs: fromMs, action, reason, delivery, delayMs, isFresh } = decision;
  const when = delayMs === 0 ? "at once" : `after ${delayMs.toFixed(0)} ms`;
  const what =
    action === "resend"
      ? `send again ${when}, on ${isFresh ? "a fresh" : "any"} connection`
      : "do not send again";
  const text = `Reissue decides (${delivery}): ${what}: ${reason}`;
  return { kind: "decision", socket: null, from: "client", fromMs, toMs: null, text };
}

function endStep({ endedAtMs, status, error }: RaceCall, startMs: number): RaceStep {
  const tookMs = (endedAtMs - startMs).toFixed(1);
  const text =
    status === null
      ? `The caller gets an error: ${error}`
      : `The caller gets ${status}, ${tookMs} ms after the first write`;
  return { kind: "end", socket: null, from: "client", fromMs: endedAtMs, toMs: null, text };
}
