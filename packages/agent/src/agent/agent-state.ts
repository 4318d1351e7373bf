import { AsyncResource } from "node:async_hooks";
import type { ClientRequest } from "node:http";

import {
  addOriginSource,
  hintBufferMs,
  keepAliveHintMs,
  type OriginSource,
} from "@reissue/core/internal";

import { LogMemory } from "../log/log-memory.ts";
import type {
  ConnectOptions,
  NodeAgent,
  NodeRequest,
  NodeSocket,
  SocketCallback,
} from "../node-internals.ts";
import { requestPolicy, type AgentConfig } from "../options.ts";
import { AgentOrigin, type ConnectAttempt, type OriginOwner } from "../origin/agent-origin.ts";
import { WaitingRequests, type WaitingRequest } from "../origin/waiting-requests.ts";
import { AgentRequest, type RequestHost, type RequestTerms } from "../request/agent-request.ts";
import type { RecoveringRequest } from "../request/recovering-request.ts";
import { bytesReadBy } from "../socket/closed-while-idle.ts";
import { stateOf, userSlot, type TrackedSocket } from "../socket/socket-state.ts";
import { track } from "../socket/track.ts";
import { statsOf, type AgentStats } from "./agent-stats.ts";
import { IdleSockets } from "./idle-sockets.ts";

/** Above this many origins those that nothing waits for are forgotten, so that calls to arbitrary hosts fill no memory. */
const maxOrigins = 512;

/** How many requests may wait for the outcome of a probe, for each origin; as the client's `maxWaitingForProbe`. */
const maxWaitingForProbe = 1024;

/** A request with the one that speaks for it. */
export type WithUser = ClientRequest & { [userSlot]?: AgentRequest };

/** Where a connection goes, as node:http says it to its agent. */
interface NetOptions {
  readonly port: number | string;
  readonly defaultPort: number | string;
  readonly socketPath: string;
}

/** What an agent knows beyond what http.Agent keeps. */
export class AgentState implements RequestHost, OriginOwner {
  readonly logMemory: LogMemory;
  readonly idleSockets: IdleSockets;
  readonly #agent: NodeAgent;
  /** The agent's methods as they were before ours. */
  readonly #base: NodeAgent;
  readonly #config: AgentConfig;
  readonly #agentTerms: RequestTerms;
  readonly #origins = new Map<string, AgentOrigin>();
  /** Found by metrics for as long as the agent is used. */
  readonly #source: OriginSource = { client: "agent", stats: () => this.stats };
  readonly #backOffs = new WaitingRequests();
  /** What the agent is choosing a socket for just now. */
  #arriving: WithUser | null = null;
  #options: ConnectOptions | null = null;

  constructor(agent: NodeAgent, base: NodeAgent, config: AgentConfig) {
    this.#agent = agent;
    this.#base = base;
    this.#config = config;
    this.#agentTerms = { policy: config.policy, optedIn: false };
    this.logMemory = new LogMemory(config.maxBytes, config.maxBytesTotal);
    this.idleSockets = new IdleSockets(agent, config);
    addOriginSource(this.#source);
  }

  /** Snapshot of every origin. */
  get stats(): AgentStats {
    return statsOf(this.#agent, this.#origins.values());
  }

  /** Has the agent choose a socket for a request, new or sent again. */
  choose(request: WithUser, options: ConnectOptions): void {
    this.#arriving = request;
    this.#options = options;
    try {
      this.#base.addRequest.call(this.#agent, request, options);
    } finally {
      this.#arriving = null;
      this.#options = null;
      this.idleSockets.show();
    }
    const user = request[userSlot];
    // Where its turn comes in an event of another request's, its own context is wanted.
    if (user?.context === null && this.#isLast(user)) {
      user.context = new AsyncResource("reissue.request");
    }
  }

  /** Told by the agent under which name it looks for a socket: with that name begins its choice. */
  onName(name: string): void {
    const request = this.#arriving;
    if (request === null) return;
    this.#arriving = null;
    const user = (request[userSlot] ??= this.#admit(request, this.#options!, name));
    this.idleSockets.prepare(name, user);
  }

  /** Opens a connection, unless the upstream is known to be down and another request finds out whether it is back. */
  connect(request: WithUser, options: ConnectOptions, callback: SocketCallback): void {
    const user = (request[userSlot] ??= this.#admit(
      request,
      options,
      this.#agent.getName(options),
    ));
    const { origin } = user;
    const nowMs = origin.clock.now();
    if (origin.breaker.holdsBack(user, nowMs)) return this.#holdBack(user);
    const attempt = { startedAtMs: nowMs };
    origin.breaker.begin(attempt, nowMs);
    const isFirst = user.node.socket == null;
    try {
      this.#base.createSocket.call(this.#agent, request, options, (error, socket) => {
        if (error === null && socket !== undefined) track(socket, origin, attempt);
        else if (isFirst && error != null && this.#onConnectError(user, error, attempt)) return;
        callback(error, socket);
      });
    } catch (error) {
      origin.onCancelled(attempt);
      throw error;
    }
  }

  termsFor(request: NodeRequest, options: ConnectOptions): RequestTerms {
    const { policyFor, policy } = this.#config;
    if (policyFor === undefined) return this.#agentTerms;
    try {
      const own = policyFor(request, options);
      if (own == null) return this.#agentTerms;
      const resolved = requestPolicy(own, policy);
      return {
        policy: resolved,
        optedIn: own.retryOn !== undefined && resolved.retryOn.length > 0,
      };
    } catch (error) {
      // It would be thrown into an event of the socket's, which ends the process.
      request.destroy(error as Error);
      return this.#agentTerms;
    }
  }

  replace(dead: TrackedSocket, request: RecoveringRequest, callback: SocketCallback): void {
    const agent = this.#agent;
    const { requests } = agent;
    // Otherwise the agent would open a connection for the next request in line, in the dead one's place.
    agent.requests = Object.create(null) as NodeAgent["requests"];
    try {
      dead.emit("agentRemove");
    } finally {
      agent.requests = requests;
    }
    try {
      agent.createSocket(request.node, request.options, callback);
    } catch (error) {
      // It would be thrown into an event of the dead socket's, which ends the process.
      callback(error as Error);
    }
  }

  enqueue({ node, options }: RecoveringRequest): void {
    try {
      this.choose(node, options);
    } catch (error) {
      // It would be thrown into a timer or an event of another request's, which ends the process.
      node.onSocket(null, error as Error);
    }
  }

  closeIdleSince(sinceMs: number, origin: AgentOrigin): void {
    this.idleSockets.closeSince(sinceMs, origin);
  }

  onBackOff(recovery: WaitingRequest): void {
    this.#backOffs.add(recovery);
  }

  onBackOffEnd(recovery: WaitingRequest): void {
    this.#backOffs.delete(recovery);
  }

  /** Told of a socket whose response is whole, before the agent deals with it. */
  onFree(socket: NodeSocket): void {
    const state = stateOf(socket);
    const done = (socket._httpMessage as WithUser | null | undefined)?.[userSlot];
    if (state === null || done === undefined) return;
    const nowMs = this.#config.clock.now();
    state.removeMovedIn(socket);
    if (done.node.res == null) return;
    const { writtenAtMs } = done;
    if (writtenAtMs !== null) {
      if (state.served > 0) state.origin.idleLimit.onAnswer(writtenAtMs - state.idleSinceMs);
      state.takeExchange(nowMs - writtenAtMs);
      state.origin.slowestMs.add(nowMs - writtenAtMs, nowMs);
    }
    state.served += 1;
    state.idleSinceMs = nowMs;
    const next = userOf(this.#agent.requests[state.origin.key]?.[0]);
    if (next !== undefined && !this.idleSockets.suitsNext(next, socket, nowMs)) socket.destroy();
  }

  /** Told of a socket that the agent is about to keep. @returns whether it may be kept. */
  onKept(socket: NodeSocket): boolean {
    const state = stateOf(socket);
    if (state === null) return true;
    const hint = socket._httpMessage?.res?.headers["keep-alive"] as string | undefined;
    if (hint !== state.hint) {
      state.hint = hint;
      // Node misses a hint that does not begin with `timeout=`, and any unless the agent has a timeout.
      const hintMs = hint === undefined ? null : keepAliveHintMs(hint);
      state.hintMs = hintMs === null ? Infinity : hintMs - hintBufferMs;
    }
    if (state.hintMs <= 0) return false;
    state.isIdle = true;
    state.bytesRead = bytesReadBy(socket);
    this.idleSockets.startSweep();
    return true;
  }

  /** Ends what waits. */
  destroy(): void {
    this.idleSockets.stopSweep();
    this.#backOffs.cancelAll();
    for (const origin of this.#origins.values()) origin.waiting.cancelAll();
  }

  #admit(request: ClientRequest, options: ConnectOptions, name: string): AgentRequest {
    const node = request as NodeRequest;
    return new AgentRequest(this, node, options, this.#originOf(name, node, options));
  }

  #originOf(key: string, { protocol, host }: NodeRequest, options: ConnectOptions): AgentOrigin {
    const known = this.#origins.get(key);
    if (known !== undefined) return known;
    if (this.#origins.size >= maxOrigins) this.#forgetOrigins();
    const { defaultPort, port = defaultPort, socketPath } = options as Partial<NetOptions>;
    const place = socketPath ?? (port === undefined ? host : `${host}:${port}`);
    const names = { key, name: `${protocol}//${place}` };
    const origin = new AgentOrigin(this, names, this.#config);
    this.#origins.set(key, origin);
    return origin;
  }

  /** Forgets what was learned; it is learned anew, and the budgets of a process that calls so many hosts are no one's. */
  #forgetOrigins(): void {
    for (const [key, origin] of this.#origins) {
      if (origin.waiting.size === 0) this.#origins.delete(key);
    }
  }

  #holdBack(user: AgentRequest): void {
    for (const each of [user, ...this.#takeLine(user)]) {
      const { waiting, breaker } = each.origin;
      const isRoom = waiting.size < maxWaitingForProbe;
      const { error } = breaker;
      if (isRoom || !(error instanceof Error))
        each.inItsContext(() => each.recovery.waitForProbe());
      else each.recovery.refuse(error);
    }
  }

  /** @returns whether the error has been dealt with. */
  #onConnectError(user: AgentRequest, error: Error, attempt: ConnectAttempt): boolean {
    const others = this.#takeLine(user);
    const isDealtWith = user.onConnectError(error, attempt);
    for (const each of others) each.inItsContext(() => this.enqueue(each));
    return isDealtWith;
  }

  /** Takes out of the line what waits behind a request at its head, which no socket will come free for any more. */
  #takeLine(user: AgentRequest): AgentRequest[] {
    const { requests } = this.#agent;
    const line = requests[user.origin.key];
    if (line?.[0] !== user.node) return [];
    delete requests[user.origin.key];
    return line
      .flatMap((each) => (each as WithUser)[userSlot] ?? [])
      .filter((each) => each !== user);
  }

  #isLast(user: AgentRequest): boolean {
    return this.#agent.requests[user.origin.key]?.at(-1) === user.node;
  }
}

function userOf(request: WithUser | undefined): AgentRequest | undefined {
  return request?.[userSlot];
}
