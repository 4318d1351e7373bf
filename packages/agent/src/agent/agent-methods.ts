import type { ClientRequest } from "node:http";
import type { Socket } from "node:net";

import type { ConnectOptions, NodeAgent, SocketCallback } from "../node-internals.ts";
import type { AgentConfig } from "../options.ts";
import { stateOf, userSlot } from "../socket/socket-state.ts";
import { AgentState, type WithUser } from "./agent-state.ts";

/** Where an agent has its state. Shared by the copies of this package in a process: an agent is adopted once. */
const agentSlot: unique symbol = Symbol.for("reissue.agent.1");

/** An agent that has been made one of ours. */
interface ReissueAgent extends NodeAgent {
  [agentSlot]?: AgentState;
}

type AgentMethods = Pick<
  NodeAgent,
  "addRequest" | "createSocket" | "getName" | "keepSocketAlive" | "reuseSocket" | "destroy"
>;

/** Where a prototype says that it has the methods of {@link defineMethods}, of any copy of the package. */
const methodsSlot = Symbol.for("reissue.agent.methods.1");

/** Whether a prototype has the methods of {@link defineMethods}, or inherits them. */
export function isDefined(prototype: object): boolean {
  return methodsSlot in prototype;
}

/** Whether an agent is one of ours. */
export function isInstalled(agent: object): boolean {
  return agentSlot in agent;
}

/** State of an agent; null for one that is not ours. */
export function agentStateOf(agent: object): AgentState | null {
  return (agent as ReissueAgent)[agentSlot] ?? null;
}

/** Gives an agent its state; without it the methods of {@link defineMethods} do what those below them do. */
export function install(agent: object, base: object, config: AgentConfig): void {
  const ours = agent as ReissueAgent;
  const state = new AgentState(ours, base as NodeAgent, config);
  Object.defineProperty(agent, agentSlot, { value: state });
}

/** Puts the methods through which an agent learns of its requests and chooses their sockets over those of a base. */
export function defineMethods(prototype: object, base: object): void {
  Object.defineProperty(prototype, methodsSlot, { value: true });
  for (const [name, value] of Object.entries(methodsOver(base as NodeAgent))) {
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  }
}

function methodsOver(base: NodeAgent): AgentMethods {
  return {
    addRequest(
      this: ReissueAgent,
      request: WithUser,
      options: ConnectOptions,
      port?: unknown,
      localAddress?: unknown,
    ): void {
      const state = this[agentSlot];
      // Another agent of ours may have it already: one that a proxy agent stands in front of.
      const isTaken = request[userSlot] !== undefined;
      if (state === undefined || isTaken || typeof options !== "object") {
        return base.addRequest.call(this, request, options, port, localAddress);
      }
      state.choose(request, options);
    },

    /** Called first of all by http.Agent's `addRequest`, with the options as it has completed them. */
    getName(this: ReissueAgent, options?: object): string {
      const name = base.getName.call(this, options);
      this[agentSlot]?.onName(name);
      return name;
    },

    createSocket(
      this: ReissueAgent,
      request: ClientRequest,
      options: ConnectOptions,
      callback: SocketCallback,
    ): void {
      const state = this[agentSlot];
      if (state === undefined) base.createSocket.call(this, request, options, callback);
      else state.connect(request, options, callback);
    },

    keepSocketAlive(this: ReissueAgent, socket: Socket): boolean {
      const isKept = base.keepSocketAlive.call(this, socket);
      return isKept && (this[agentSlot]?.onKept(socket) ?? true);
    },

    reuseSocket(this: ReissueAgent, socket: Socket, request: ClientRequest): void {
      base.reuseSocket.call(this, socket, request);
      const state = stateOf(socket);
      if (state === null) return;
      state.isIdle = false;
      // A timer that a hint has shortened would end the request that comes next.
      const { timeout = 0 } = (this as unknown as { options: { timeout?: number } }).options;
      if ((socket.timeout ?? 0) !== timeout) socket.setTimeout(timeout);
    },

    destroy(this: ReissueAgent): void {
      this[agentSlot]?.destroy();
      base.destroy.call(this);
    },
  };
}
