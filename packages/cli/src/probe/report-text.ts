import { durationText } from "../terminal/duration-text.ts";
import type { Style } from "../terminal/style.ts";
import { textTable, wrap } from "../terminal/text-table.ts";
import type { IdleLimit } from "./idle-times.ts";
import type { KeepAliveHint, ProbeReport, RequestLimit, SilentConnection } from "./probe-report.ts";

/** Prints a report as text of at most `width` characters a line. */
export function reportText(report: ProbeReport, style: Style, width: number): string {
  const { url, address, server, status, httpVersion, settings, used } = report;
  const who = [address, server, `HTTP/${httpVersion} ${status}`].filter((part) => part !== null);
  const lines = [
    `${style.heading(url)}  ${style.quiet(who.join(", "))}`,
    "",
    ...textTable(rowsOf(report, style), width),
    "",
    ...wrap(settings.why, width),
    ...settings.code.map((line) => `  ${style.code(line)}`),
    "",
    style.quiet(
      `${used.connections} connections, ${used.requests} requests, ${durationText(used.ms)}`,
    ),
  ];
  return `${lines.join("\n")}\n`;
}

type Row = readonly [label: string, text: string, emphasise?: (line: string) => string];

function rowsOf(report: ProbeReport, style: Style): readonly Row[] {
  const { idle, closesAfterResponse, keepAliveHint, http2 } = report;
  const isLie = keepAliveHint?.isTrue === false;
  return [
    ["closes after each response", closingText(closesAfterResponse)],
    ...(idle === null ? [] : [["idle connections", idleText(idle)] as const]),
    [
      "Keep-Alive hint",
      keepAliveHint === null ? "none" : hintText(keepAliveHint),
      isLie ? style.bad : undefined,
    ].filter((cell) => cell !== undefined) as unknown as Row,
    ["requests on a connection", requestsText(report.requestsPerConnection)],
    ["connection without a request", silentText(report.silentConnection)],
    ["HTTP/2", http2 === null ? "not asked for, without TLS" : http2Text(http2)],
  ];
}

function closingText(closes: ProbeReport["closesAfterResponse"]): string {
  if (closes === null) return "no";
  return closes === "announced"
    ? "yes, and says so (Connection: close)"
    : "yes, without saying so: a request that follows at once may be lost";
}

function idleText(idle: IdleLimit): string {
  if (idle.type === "keeps") return `kept for ${durationText(idle.atLeastMs)} and longer`;
  if (idle.type === "drops") {
    return `dropped without a word after ${durationText(idle.fromMs)} to ${durationText(idle.toMs)}`;
  }
  const { fromMs, toMs, by, with408, seen } = idle;
  const spread = toMs - fromMs < 20 ? "" : ` to ${durationText(toMs)}`;
  const how = by === "fin" ? "FIN" : "RST";
  const note = with408 ? ", after a 408" : "";
  return `closed after ${durationText(fromMs)}${spread}, by ${how}${note} (${seen} connections)`;
}

function hintText({ value, timeoutMs, isTrue }: KeepAliveHint): string {
  if (timeoutMs === null) return `${value}, without a time`;
  if (isTrue === null) return `${value}, not measured for as long`;
  return isTrue ? `${value}, which is true` : `${value}, which is not true: it closes earlier`;
}

function requestsText(limit: RequestLimit): string {
  if (limit.type === "at-least") return `${limit.count} and more`;
  const how = limit.announced ? "then Connection: close" : "then closed without saying so";
  return `${limit.count}, ${how}`;
}

function silentText(silent: SilentConnection): string {
  if (silent.type === "open") return `still open after ${durationText(silent.afterMs)}`;
  const how = silent.by === "fin" ? "FIN" : "RST";
  return `closed after ${durationText(silent.afterMs)}, by ${silent.with408 ? "408 and " : ""}${how}`;
}

function http2Text(http2: NonNullable<ProbeReport["http2"]>): string {
  if (!http2.offered) return "not chosen by ALPN";
  const { status, goaway, closedAtMs, watchedMs } = http2;
  const first = `chosen by ALPN, ${status === 0 ? "no response" : `status ${status}`}`;
  if (goaway !== null) {
    return `${first}; GOAWAY with code ${goaway.code} after ${durationText(goaway.idleMs)} idle`;
  }
  return closedAtMs === null
    ? `${first}; no GOAWAY in ${durationText(watchedMs)} idle`
    : `${first}; closed after ${durationText(closedAtMs)} idle, without GOAWAY`;
}
