import { classify, type Delivery, type Failure } from "@reissue/core";
import { failureOf, failureSpecs } from "@reissue/core/internal";

import { firstString, isRecord, type ErrorRecord } from "./input/error-record.ts";
import { findError } from "./input/find-error.ts";
import { printedError } from "./input/printed-error.ts";
import { rebuildError } from "./input/rebuild-error.ts";
import { docsLink } from "../links.ts";
import type { Subject } from "./subject.ts";
import { errorOfWords } from "./words/client-words.ts";
import { envoySubject } from "./words/envoy-flags.ts";
import { haproxySubject } from "./words/haproxy-states.ts";
import { nginxSubject } from "./words/nginx-words.ts";
import { reasonMeaning } from "./words/give-up-reasons.ts";
import { ownCode } from "./words/own-codes.ts";
import { ownMessage, type OwnMessage } from "./words/own-message.ts";
import { statusSubject } from "./words/status-words.ts";

/** Most errors of one input; a log of more has the same ones again. */
const maxSubjects = 20;

/** What the codes of an UpstreamError say of the request's fate. */
const deliveries: Readonly<Record<string, Delivery>> = {
  ERR_REISSUE_UPSTREAM_UNSENT: "unsent",
  ERR_REISSUE_UPSTREAM_STALE: "stale",
  ERR_REISSUE_UPSTREAM_UNKNOWN: "unknown",
  ERR_REISSUE_UPSTREAM_TIMEOUT: "unknown",
  ERR_REISSUE_UPSTREAM_RESPONSE_STARTED: "delivered",
};

/**
 * Finds the errors in a text: JSON of an error or of log records, one a line; printed errors; words and codes of clients,
 * nginx, HAProxy and Envoy.
 *
 * @returns the different ones, in their order; empty where nothing is recognised.
 */
export function subjectsOf(text: string): readonly Subject[] {
  const subjects = valuesOf(text)
    .map((value) => subjectOf(value))
    .filter((subject) => subject !== null);
  const titles = new Set<string>();
  const different = subjects.filter(({ title, failure }) => {
    const key = `${title} ${failure?.delivery}`;
    return !titles.has(key) && titles.add(key);
  });
  return different.slice(0, maxSubjects);
}

/** The JSON values of a text, or the text. */
function valuesOf(text: string): readonly unknown[] {
  const whole = parsed(text);
  if (whole !== undefined) return Array.isArray(whole) ? whole : [whole];
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const values = lines.map(parsed);
  if (lines.length > 0 && values.every(isRecord)) return values;
  // Lines of a proxy's log, each an error of its own; anything else is one text.
  const ofProxies = lines.filter((line) => proxySubject(line) !== null);
  return lines.length > 1 && ofProxies.length > 0 && printedError(text) === null
    ? ofProxies
    : [text];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function subjectOf(value: unknown): Subject | null {
  const found = findError(typeof value === "number" ? String(value) : value);
  if (found === null) return null;
  return typeof found === "string" ? subjectOfText(found) : subjectOfRecord(found);
}

function subjectOfText(text: string): Subject | null {
  const said = ownMessage(text);
  if (said !== null) return upstreamSubject(said);
  const printed = printedError(text);
  if (printed !== null) {
    const subject = subjectOfRecord(printed);
    if (subject?.failure != null || subject?.speaker === "reissue") return subject;
  }
  const own = ownSubject(text, null);
  if (own !== null) return own;
  const proxy = proxySubject(text) ?? statusSubject(text);
  if (proxy !== null) return proxy;
  const words = errorOfWords(text);
  return words === null ? (bareFetch(text) ?? reasonSubject(text.trim())) : subjectOfRecord(words);
}

function proxySubject(text: string): Subject | null {
  // Two letters alone are Envoy's where both have them; HAProxy logs four.
  return envoySubject(text) ?? haproxySubject(text) ?? nginxSubject(text);
}

function subjectOfRecord(record: ErrorRecord): Subject | null {
  const error = rebuildError(record);
  const failure = classify(error);
  const title = titleOf(record, error);
  const own = ownSubject(String(Reflect.get(error, "code") ?? error.message), failure);
  if (own !== null) return { ...own, title };
  const said = ownMessage(error.message);
  if (said !== null) return upstreamSubject(said);
  if (failure.kind !== "unknown") return { speaker: "client", title, failure, ...doubtOf(failure) };
  const message = firstString(record, "message", "msg") ?? "";
  return proxySubject(message) ?? statusSubject(message) ?? bareFetch(message);
}

/** The subject of an error of Reissue's own. */
function ownSubject(text: string, classified: Failure | null): Subject | null {
  const own = ownCode(text);
  if (own === null) return null;
  const { code, meaning, link } = own;
  const delivery = deliveries[code];
  const known = classified?.kind === "unknown" ? null : classified;
  const kind = code.endsWith("_TIMEOUT") ? failureSpecs.responseTimeout : failureSpecs.reset;
  const guess = code.endsWith("_UNSENT") ? failureSpecs.refused : kind;
  const failure =
    delivery === undefined ? null : { ...(known ?? failureOf(guess, null)), delivery };
  return { speaker: "reissue", title: code, failure, meaning, link };
}

/** The subject of an UpstreamError of which only the message is known. */
function upstreamSubject({ text, failure, reason }: OwnMessage): Subject {
  const { kind, delivery } = failure;
  const isTimeout = kind === "timeout" && delivery === "unknown";
  const code = isTimeout
    ? "ERR_REISSUE_UPSTREAM_TIMEOUT"
    : Object.keys(deliveries).find((each) => deliveries[each] === delivery);
  const own = ownCode(code ?? "");
  const why = reasonMeaning(reason);
  const meaning = [own?.meaning, why === null ? null : `Not sent again: ${why}`];
  return {
    speaker: "reissue",
    title: text,
    failure,
    meaning: meaning.filter((each) => each != null).join(" "),
    ...(own !== null && { link: own.link }),
  };
}

/** The subject of a bare reason for which a request was not sent again. */
function reasonSubject(text: string): Subject | null {
  const meaning = reasonMeaning(text);
  const link = docsLink("decision-table.md#reasons");
  return meaning === null
    ? null
    : { speaker: "reissue", title: text, failure: null, meaning, link };
}

/** What the caller's abort, and a response that was cut, cannot be told apart from. */
function doubtOf({ kind, code }: Failure): Pick<Subject, "doubt"> {
  if (kind === "incomplete" && code === "ECONNRESET") {
    return {
      doubt:
        "In a server, Node words a client's own disconnect the same way: req.socket.destroyed tells them apart.",
    };
  }
  return {};
}

/** Fetch's own words, which say nothing without their cause. */
function bareFetch(text: string): Subject | null {
  if (!/^(TypeError: )?(fetch failed|Failed to fetch)$/.test(text.trim())) return null;
  return {
    speaker: "client",
    title: "TypeError: fetch failed",
    failure: null,
    meaning: "fetch rejects with these words whatever happened; what happened is in error.cause.",
    doubt: "Log the error with its causes, by console.error(error) say, and explain that.",
  };
}

function titleOf(record: ErrorRecord, error: Error): string {
  const code: unknown = Reflect.get(error, "code");
  const text = `${error.name}: ${error.message}`.replace(/: $/, "").split("\n", 1)[0] ?? "";
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  const names = error.name === "Error" && record["name"] === undefined;
  const title = names ? short.replace(/^Error(: |$)/, "") : short;
  if (typeof code !== "string" || title.includes(code)) return title;
  return title === "" ? code : `${title} (${code})`;
}
