import { keepAliveHintMs, type Balancer } from "@reissue/core/internal";

import { CommandError, exitCodes } from "../exit-code.ts";
import { Connections } from "../probe/connection/connections.ts";
import { openSocket } from "../probe/connection/open-socket.ts";
import { portOf, type Target } from "../probe/connection/target.ts";
import { contactError } from "../probe/contact-error.ts";
import type { IdleLimit } from "../probe/idle-times.ts";
import { measureIdle } from "../probe/measure-idle.ts";
import type { Output } from "../terminal/terminal.ts";
import { checkDrain, type DrainObservation } from "./drain-check.ts";
import { drainFindings, outlasts, requiredIdleMs, type Finding } from "./findings.ts";
import { fixFor } from "./fix.ts";
import { ServerCommand } from "./server-command.ts";

/** Idle connections of the check: two that are watched, and one that is written on at the end. */
const idleConnections = 3;

/** How often a server that starts is looked for, in ms. */
const pollMs = 50;

/** What is examined. */
export interface Examination {
  readonly behind: readonly Balancer[];
  /** Idle time of the load balancer, in ms, where it is not its default; null for the default. */
  readonly idleMs: number | null;
  readonly maxIdleMs: number;
  /** Command that starts the server; empty for one that runs already. */
  readonly command: readonly string[];
  readonly startTimeoutMs: number;
  readonly drainTimeoutMs: number;
}

/** What was found. */
export interface DoctorReport {
  readonly url: string;
  readonly behind: readonly Balancer[];
  /** Least idle time that the server has to keep a connection for, in ms. */
  readonly requiredIdleMs: number;
  readonly findings: readonly Finding[];
  readonly idle: IdleLimit | null;
  /** Null without a command. */
  readonly drain: DrainObservation | null;
  readonly fix: readonly string[];
}

/**
 * Examines a server: whether it outlasts its load balancer, and, where a command starts it, how it ends.
 *
 * @param onStage - Told what is waited for.
 * @throws CommandError where it cannot; the signal's reason.
 */
export async function examineServer(
  target: Target,
  examination: Examination,
  output: Output,
  signal: AbortSignal,
  onStage: (stage: string) => void,
): Promise<DoctorReport> {
  const { behind, idleMs } = examination;
  const connections = new Connections(target, signal);
  let command: ServerCommand | null = null;
  try {
    if (examination.command.length > 0) {
      onStage(`starting ${examination.command.join(" ")}`);
      command = await startServer(target, examination, output, connections);
    }
    onStage("idle connections wait to be closed");
    const { idle, hintMs } = await examineIdle(connections, examination);
    command?.checkRunning();
    if (command !== null) onStage("SIGTERM, under requests");
    const drain =
      command === null ? null : await checkDrain(connections, command, examination.drainTimeoutMs);
    signal.throwIfAborted();
    const requiredMs = requiredIdleMs(behind, idleMs);
    const name = idleMs === null ? behind.join(" or ") : "the load balancer";
    const findings = [
      outlasts(idle, hintMs, requiredMs, name),
      ...(drain === null ? [] : drainFindings(drain)),
    ];
    const fix = fixFor(findings, behind, idleMs);
    return { url: target.url.href, behind, requiredIdleMs: requiredMs, findings, idle, drain, fix };
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof CommandError ? error : contactError(error, target.url);
  } finally {
    connections.close();
    command?.kill();
  }
}

/** Starts the command, and waits until it listens. */
async function startServer(
  target: Target,
  { command, startTimeoutMs }: Examination,
  output: Output,
  connections: Connections,
): Promise<ServerCommand> {
  if (await listens(target)) {
    const problem = `Something listens on ${target.url.host} already, so that the command cannot.`;
    throw new CommandError(exitCodes.command, problem);
  }
  const started = await ServerCommand.start(command, portOf(target.url), output, target.clock);
  try {
    const endsAtMs = target.clock.now() + startTimeoutMs;
    while (!(await listens(target))) {
      started.checkRunning();
      if (target.clock.now() > endsAtMs) {
        const problem = `${command.join(" ")} does not listen on ${target.url.host}.`;
        const hint = "It has to listen on the URL's port, which it is given as PORT.";
        throw new CommandError(exitCodes.command, problem, hint);
      }
      await connections.pause(pollMs);
    }
    return started;
  } catch (error) {
    started.kill();
    throw error;
  }
}

async function listens(target: Target): Promise<boolean> {
  try {
    const socket = await openSocket(target, null, ["http/1.1"]);
    socket.destroy();
    return true;
  } catch {
    return false;
  }
}

async function examineIdle(
  connections: Connections,
  { behind, idleMs, maxIdleMs }: Examination,
): Promise<{ readonly idle: IdleLimit | null; readonly hintMs: number | null }> {
  const first = await connections.open();
  const { announcesClose, keepAlive } = await first.send();
  first.destroy();
  const hintMs = keepAlive === null ? null : keepAliveHintMs(keepAlive);
  if (announcesClose) return { idle: null, hintMs };
  const longestMs = Math.min(maxIdleMs, requiredIdleMs(behind, idleMs));
  const idle = await measureIdle(connections, longestMs, idleConnections, { requests: 1 });
  return { idle, hintMs };
}
