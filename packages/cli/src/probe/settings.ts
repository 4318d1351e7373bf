import { hintBufferMs } from "@reissue/core/internal";

import type { IdleLimit } from "./idle-times.ts";

/** Share of a measured idle limit that is used, as core's own learned limit. */
const usedShare = 0.8;

/** Limits of the options. */
const maxIdleMs = 600_000;
const defaultIdleMs = 4000;
const defaultUnsafeIdleMs = 1000;

/** Options for clients of the server. */
export interface ProbeSettings {
  /** Null where connections are not reused, or everything is as the default has it. */
  readonly idleMs: number | null;
  readonly unsafeIdleMs: number | null;
  /** Why, in one sentence. */
  readonly why: string;
  /** The options as code, by the package that takes them; empty where the defaults fit. */
  readonly code: readonly string[];
}

/**
 * Chooses the options for an origin whose idle limit has been measured: shorter than the shortest close by a second and a
 * fifth, so that a request is not written on a connection that the server is closing.
 *
 * @param hintMs - What the server's Keep-Alive header promises, which no option raises; null for nothing.
 */
export function settingsFor(
  origin: string,
  idle: IdleLimit | null,
  hintMs: number | null,
): ProbeSettings {
  if (idle === null) {
    return {
      ...nothing,
      why: "Connections are closed after each response, so none is reused: there is nothing to set.",
    };
  }
  const limitMs = limitOf(idle);
  const safeMs = safeIdleMs(Math.min(limitMs, hintMs ?? Infinity));
  // What was not measured to the end may be longer still; and a little more is not worth an option.
  if (safeMs >= defaultIdleMs && (idle.type === "keeps" || safeMs < 1.5 * defaultIdleMs)) {
    return { ...nothing, why: `The default of ${defaultIdleMs} ms fits: there is nothing to set.` };
  }
  const unsafeIdleMs = safeMs <= defaultUnsafeIdleMs ? Math.floor(safeMs / 2) : null;
  const options = `idleMs: ${safeMs}${unsafeIdleMs === null ? "" : `, unsafeIdleMs: ${unsafeIdleMs}`}`;
  const agent = origin.startsWith("https:") ? "HttpsAgent" : "HttpAgent";
  return {
    idleMs: safeMs,
    unsafeIdleMs,
    why: whyOf(idle, safeMs),
    code: [
      `createUpstream({ origins: { "${origin}": { ${options} } } });`,
      `new ${agent}({ reissue: { ${options} } });`,
    ],
  };
}

const nothing = { idleMs: null, unsafeIdleMs: null, code: [] };

function whyOf(idle: IdleLimit, safeMs: number): string {
  const from =
    idle.type === "drops"
      ? "Idle connections are dropped without a word, so that only a failing request shows it"
      : "The server closes idle connections";
  if (safeMs < defaultIdleMs) {
    return `${from}: the default of ${defaultIdleMs} ms is too long. Connections are not used after ${safeMs} ms.`;
  }
  return `${from}: up to ${safeMs} ms is safe, and spares connections beside the default of ${defaultIdleMs} ms.`;
}

function limitOf(idle: IdleLimit): number {
  return idle.type === "keeps" ? idle.atLeastMs : idle.fromMs;
}

/** An idle time that is safe where the server closes after `limitMs`; in tenths of a second if it is that long. */
export function safeIdleMs(limitMs: number): number {
  const safeMs = Math.max(limitMs / 2, Math.min(limitMs - hintBufferMs, limitMs * usedShare));
  const stepMs = safeMs < 1000 ? 10 : 100;
  return Math.max(1, Math.min(maxIdleMs, Math.floor(safeMs / stepMs) * stepMs));
}
