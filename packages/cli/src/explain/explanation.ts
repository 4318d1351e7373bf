import type { Delivery, Failure } from "@reissue/core";
import { describeFailure } from "@reissue/core/internal";

import { balancerNotes, statusNotes, type BalancerNote } from "./balancer-notes.ts";
import { docsLink } from "../links.ts";
import { failureRows, statusRows, type ResendRow } from "./resend-table.ts";
import type { Speaker, Subject } from "./subject.ts";

/** What is known of an error, and what follows. */
export interface Explanation {
  readonly title: string;
  readonly speaker: Speaker;
  /** What happened, in one sentence. */
  readonly summary: string;
  readonly failure: Failure | null;
  /** What is known of the request's fate; `responded` for a response, null where nothing is known. */
  readonly delivery: Delivery | "responded" | null;
  /** The same in words. */
  readonly fate: string;
  readonly resend: readonly ResendRow[];
  /** The table if the connection had served a request before: the keep-alive race. */
  readonly resendIfReused: readonly ResendRow[];
  readonly balancers: readonly BalancerNote[];
  /** What only a person can check; empty for nothing. */
  readonly doubt: string;
  readonly links: readonly string[];
}

const fates: Readonly<Record<Delivery, string>> = {
  unsent: "unsent: it never reached the application, and was not processed",
  stale:
    "stale: it was written on a connection that the server was closing, and almost certainly not processed",
  unknown: "unknown: it was written, and may have been processed",
  delivered: "delivered: it was processed, and its response had begun",
};

/** Explains one subject. */
export function explanationOf(subject: Subject): Explanation {
  const { speaker, title, failure, status, meaning, doubt = "", link } = subject;
  const common = { title, speaker, failure, doubt };
  const summary = meaning ?? (failure === null ? "" : `${capital(describeFailure(failure))}.`);
  const ownLinks = link === undefined ? [] : [link];
  if (failure !== null) {
    const stale = mayBeStale(failure) ? failureRows({ ...failure, delivery: "stale" }) : [];
    return {
      ...common,
      summary,
      delivery: failure.kind === "aborted" ? null : failure.delivery,
      fate:
        failure.kind === "aborted"
          ? "the caller gave up; the server may still process it"
          : fates[failure.delivery],
      resend: failureRows(failure),
      resendIfReused: stale,
      balancers: balancerNotes(failure),
      links: [...ownLinks, ...linksOf(failure, speaker)],
    };
  }
  const responded = status !== undefined && status !== 499;
  return {
    ...common,
    summary,
    delivery: responded ? "responded" : null,
    fate: responded ? "the server has responded; whether it did the work, its status must say" : "",
    resend: responded ? statusRows(status) : [],
    resendIfReused: [],
    balancers: responded ? statusNotes(status) : [],
    links: responded ? [...ownLinks, docsLink("decision-table.md")] : ownLinks,
  };
}

/** Whether the error of a stale connection looks the same. */
function mayBeStale({ kind, phase, delivery }: Failure): boolean {
  return kind === "reset" && delivery === "unknown" && phase !== "response-headers";
}

function linksOf(failure: Failure, speaker: Speaker): string[] {
  const anchors: Readonly<Record<Delivery, string>> = {
    unsent: "err_reissue_upstream_unsent",
    stale: "err_reissue_upstream_stale",
    unknown:
      failure.kind === "timeout" ? "err_reissue_upstream_timeout" : "err_reissue_upstream_unknown",
    delivered: "err_reissue_upstream_response_started",
  };
  const pages = [docsLink("decision-table.md")];
  if (failure.kind === "aborted") return [];
  if (speaker !== "reissue") pages.unshift(docsLink(`errors.md#${anchors[failure.delivery]}`));
  if (["nginx", "haproxy", "envoy"].includes(speaker))
    pages.push(docsLink(`recipes/${speaker}.md`));
  return pages;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
