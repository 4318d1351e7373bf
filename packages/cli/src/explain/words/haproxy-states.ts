import { failureOf, failureSpecs, type FailureSpec } from "@reissue/core/internal";

import type { Subject } from "../subject.ts";

/** Where HAProxy describes its termination states, section 8.5. */
const link = "https://docs.haproxy.org/2.6/configuration.html#8.5";

/** Who ended the session: the first character. */
const first: Readonly<Record<string, string>> = {
  C: "The client disconnected",
  S: "The server closed the connection, or refused it",
  P: "HAProxy ended the session: a limit, a filter, or a response that it cannot read",
  L: "HAProxy responded itself, without a server",
  R: "HAProxy had no socket, memory or port left",
  I: "HAProxy found an internal error",
  D: "HAProxy closed the session because the server went down",
  U: "HAProxy closed the session on a backup server because the server came back",
  K: "An administrator closed the session",
  c: "The client was silent for too long",
  s: "The server was silent for too long",
};

/** What HAProxy was doing then: the second character. */
const second: Readonly<Record<string, string>> = {
  R: "while it waited for the client's request; no server got it",
  Q: "while the request waited in the queue; no server got it",
  C: "while it connected to the server; nothing was sent",
  H: "after the request was sent, before the headers of the response",
  D: "in the middle of the body",
  L: "while the last bytes went to the client",
  T: "while the request was held in a tarpit; no server got it",
};

/** Failures by both characters, then by the second one alone. */
const specs: Readonly<Record<string, FailureSpec>> = {
  SC: failureSpecs.refused,
  sC: failureSpecs.connectTimeout,
  RC: failureSpecs.local,
  sQ: failureSpecs.noConnection,
  SH: failureSpecs.reset,
  sH: failureSpecs.responseTimeout,
  PH: failureSpecs.badResponse,
  DH: failureSpecs.reset,
  UH: failureSpecs.reset,
  KH: failureSpecs.reset,
  SD: failureSpecs.cut,
  sD: failureSpecs.bodyTimeout,
  PD: failureSpecs.badBody,
  DD: failureSpecs.cut,
  UD: failureSpecs.cut,
  KD: failureSpecs.cut,
  SL: failureSpecs.cut,
};

const exact = /^([CSPLRIDUKcs])([RQCHDLT])(?:[-A-Z]{2})?$/;
/** Termination state and connection counts in the middle of a log line. */
const inLog = /\s([CSPLRIDUKcs])([RQCHDLT])[-A-Z]{2} \d+\/\d+\/\d+\/\d+\/\+?\d+ /;

/** Reads a termination state such as `SH--`, alone or in a line of HAProxy's log; null for any other text. */
export function haproxySubject(text: string): Subject | null {
  const [, who = "", when = ""] = exact.exec(text.trim()) ?? inLog.exec(text) ?? [];
  if (who === "") return null;
  const state = who + when;
  const spec = who === "C" || who === "c" ? failureSpecs.aborted : specs[state];
  return {
    speaker: "haproxy",
    title: `HAProxy termination state ${state}`,
    failure: spec === undefined ? null : failureOf(spec, null),
    meaning: `${first[who]}, ${second[when]}.`,
    link,
  };
}
