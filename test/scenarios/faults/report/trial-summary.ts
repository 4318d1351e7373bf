import type { Kind } from "../trial/request-kind.ts";
import type { Trial } from "../trial/run-trial.ts";

/** The calls that met a fault at the upstream. */
export function struck({ received }: Trial): Set<string> {
  return new Set(received.filter(({ fault }) => fault !== null).map(({ id }) => id));
}

/** How many calls of a kind met a fault or felt one, or came just after idle sockets were killed. */
export function met(trial: Trial, name: string): number {
  const ids = struck(trial);
  let count = 0;
  for (const { call } of trial.outcomes) {
    if (call.kind.name !== name) continue;
    const felt = trial.attempts.of(call.id).some(({ failure }) => failure !== null);
    if (felt || trial.disturbed.has(call.id) || ids.has(call.id)) count += 1;
  }
  return count;
}

/** The numbers of a trial in one line. */
export function summary(trial: Trial, kinds: readonly Kind[]): string {
  const { outcomes, attempts, effects } = trial;
  const failed = kinds.map(({ name }) => {
    const lost = outcomes.filter(({ call, error }) => call.kind.name === name && error !== null);
    return `${name} ${lost.length}`;
  });
  const hit = kinds.reduce((sum, { name }) => sum + met(trial, name), 0);
  const twice = [...effects.values()].filter((count) => count > 1).length;
  const extra = attempts.count - outcomes.length;
  return `failed of ${outcomes.length}: ${failed.join(", ")}; ${hit} met a fault; ${twice} done twice; ${extra} extra attempts; ${Math.round(trial.tookMs)} ms`;
}
