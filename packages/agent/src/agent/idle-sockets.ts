import type { Socket } from "node:net";

import type { Timer } from "@reissue/core";

import type { NodeAgent } from "../node-internals.ts";
import type { AgentConfig } from "../options.ts";
import type { AgentRequest } from "../request/agent-request.ts";
import { stateOf } from "../socket/socket-state.ts";
import type { AgentOrigin } from "../origin/agent-origin.ts";

/** How often idle connections are looked at, in ms: a quarter of the shortest common limit of servers (2 s, gunicorn). */
const sweepMs = 500;

/** The free sockets of an agent: which of them a request may have, and which have been idle for too long. */
export class IdleSockets {
  readonly #agent: NodeAgent;
  readonly #config: AgentConfig;
  #hidden: { readonly name: string; readonly free: Socket[] } | null = null;
  #timer: Timer | null = null;

  constructor(agent: NodeAgent, config: AgentConfig) {
    this.#agent = agent;
    this.#config = config;
  }

  /**
   * Leaves at the end from which the agent takes its next socket one that the request may have; if there is none, hides
   * all of them until {@link show}.
   */
  prepare(name: string, request: AgentRequest): void {
    const free = this.#agent.freeSockets[name];
    if (free === undefined) return;
    const isFifo = this.#agent.scheduling === "fifo";
    const nowMs = this.#config.clock.now();
    for (let next = peek(free, isFifo); next !== undefined; next = peek(free, isFifo)) {
      if (!isExpired(next, nowMs)) break;
      if (isFifo) free.shift();
      else free.pop();
      close(next);
    }
    const hottest = free.at(-1);
    if (hottest === undefined || this.#suits(request, hottest, free, nowMs)) {
      const isUnsafe = isFifo && free.length > 1 && !request.isRetrySafe;
      // The agent would take the coldest.
      if (isUnsafe) free.unshift(free.pop()!);
      return;
    }
    this.#hide(name, free);
  }

  /** Shows what was hidden. */
  show(): void {
    const hidden = this.#hidden;
    if (hidden === null) return;
    this.#hidden = null;
    const free = hidden.free.filter((socket) => !socket.destroyed);
    if (free.length === 0) return;
    const { freeSockets } = this.#agent;
    freeSockets[hidden.name] = [...free, ...(freeSockets[hidden.name] ?? [])];
  }

  /** Closes those that have been idle since `sinceMs` or longer: one that was as old is dead. */
  closeSince(sinceMs: number, origin: AgentOrigin): void {
    for (const socket of this.#agent.freeSockets[origin.key]?.slice() ?? []) {
      const state = stateOf(socket);
      if (state !== null && state.idleSinceMs <= sinceMs) close(socket);
    }
  }

  /** Looks at idle connections for as long as there are any; one timer an agent, since one a socket costs two a request. */
  startSweep(): void {
    if (this.#timer !== null) return;
    const sweep = (): void => {
      this.#timer = null;
      if (this.#sweep()) this.startSweep();
    };
    this.#timer = this.#config.clock.setTimeout(sweep, sweepMs, { background: true });
  }

  stopSweep(): void {
    if (this.#timer !== null) this.#config.clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Whether a socket that comes free may go on to a request that waits for one. */
  suitsNext(request: AgentRequest, socket: Socket, nowMs: number): boolean {
    if (request.needsFresh) return false;
    const state = stateOf(socket);
    return state === null || request.isRetrySafe || !state.origin.idleLimit.endangers(0, nowMs);
  }

  #suits(request: AgentRequest, socket: Socket, free: readonly Socket[], nowMs: number): boolean {
    if (request.needsFresh) return false;
    if (request.isRetrySafe) return true;
    const state = stateOf(socket);
    if (state === null) return false;
    const idleMs = nowMs - state.idleSinceMs;
    if (idleMs > this.#config.unsafeIdleMs) return false;
    const { idleLimit } = state.origin;
    if (!idleLimit.endangers(idleMs, nowMs)) return true;
    const coldest = free[0]!;
    const standing = coldest.destroyed ? null : stateOf(coldest);
    if (standing !== null) idleLimit.onStanding(nowMs - standing.idleSinceMs);
    if (!idleLimit.endangers(idleMs, nowMs)) return true;
    idleLimit.onPassedOver(idleMs);
    return false;
  }

  /** Keeps free sockets from the request at hand, which gets a connection of its own, or waits. */
  #hide(name: string, free: Socket[]): void {
    const { maxSockets, maxTotalSockets, totalSocketCount, freeSockets, sockets } = this.#agent;
    const busy = sockets[name]?.length ?? 0;
    if (busy + free.length >= maxSockets || totalSocketCount >= maxTotalSockets) {
      const coldest = free.shift();
      if (coldest !== undefined) close(coldest);
    }
    this.#hidden = { name, free };
    delete freeSockets[name];
  }

  /** @returns whether there are any left. */
  #sweep(): boolean {
    const nowMs = this.#config.clock.now();
    let left = false;
    for (const free of Object.values(this.#agent.freeSockets)) {
      for (const socket of free?.slice() ?? []) {
        if (isExpired(socket, nowMs)) close(socket);
        else left = true;
      }
    }
    return left;
  }
}

function peek(free: readonly Socket[], isFifo: boolean): Socket | undefined {
  return isFifo ? free[0] : free.at(-1);
}

function isExpired(socket: Socket, nowMs: number): boolean {
  // What has come without a request would be taken for the response to the next one.
  if (socket.destroyed || !socket.writable || socket.readableEnded || socket.readableLength > 0) {
    return true;
  }
  const state = stateOf(socket);
  if (state === null) return false;
  const idleMs = nowMs - state.idleSinceMs;
  return idleMs > state.origin.idleLimit.currentMs(nowMs) || idleMs > state.hintMs;
}

function close(socket: Socket): void {
  const state = stateOf(socket);
  if (state === null) socket.destroy();
  else state.discard(socket);
}
