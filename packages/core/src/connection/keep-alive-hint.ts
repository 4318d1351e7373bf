/** Buffer that is subtracted from a server's hint, in ms; Node's `agentKeepAliveTimeoutBuffer` has the same default. */
export const hintBufferMs = 1000;

/**
 * Reads `timeout=N` from a Keep-Alive header, in any case and position, quoted or not, in ms.
 *
 * Undici's own parser misses `Timeout=3`; Node's misses `max=100, timeout=3`.
 *
 * @returns null without a readable hint.
 */
export function keepAliveHintMs(value: string): number | null {
  const match = /(?:^|[,;\s])timeout\s*=\s*"?(\d{1,9})"?\s*(?:$|[,;\s])/i.exec(value);
  return match === null ? null : Number(match[1]) * 1000;
}
