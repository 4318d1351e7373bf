import type { Failure } from "@reissue/core";

/** What a load balancer does when one of its servers fails it in that way. */
export interface BalancerNote {
  readonly balancer: "nginx" | "HAProxy" | "Envoy" | "your response";
  readonly text: string;
}

/** Measured with Debian's nginx 1.22 and HAProxy 2.6; Envoy by its documentation. */
const notes = {
  unsent: {
    nginx: "tries the next server, for every method",
    HAProxy: "tries again up to three times, for every method (retries; retry-on conn-failure)",
    Envoy: "tries again only if retry_on lists connect-failure or reset",
  },
  lost: {
    nginx:
      "sends GET, PUT and DELETE to the next server; POST gets 502, or with non_idempotent runs twice",
    HAProxy:
      "responds with 502; with retry-on empty-response or all-retryable-errors it sends everything again, POST too",
    Envoy: "responds with 503; with retry_on reset or 5xx it sends everything again, POST too",
  },
  timeout: {
    nginx:
      "sends GET, PUT and DELETE to the next server; POST gets 504, or with non_idempotent runs twice",
    HAProxy:
      "responds with 504; with retry-on response-timeout it sends everything again, POST too",
    Envoy:
      "responds with 504; with retry_on 5xx or gateway-error it sends everything again, POST too",
  },
  invalid: {
    nginx: "responds with 502; with proxy_next_upstream invalid_header GET goes to the next server",
    HAProxy: "responds with 502; with retry-on junk-response it sends everything again, POST too",
    Envoy: "responds with 502; with retry_on 5xx it sends everything again, POST too",
  },
  cut: {
    nginx: "cuts the client's response too",
    HAProxy: "cuts the client's response too",
    Envoy: "cuts the client's response too",
  },
  answered: {
    nginx:
      "passes it on; with proxy_next_upstream http_502 http_503 http_504 GET, PUT and DELETE go to the next server",
    HAProxy: "passes it on; with retry-on 502 503 504 it sends everything again, POST too",
    Envoy: "passes it on; with retry_on gateway-error or 5xx it sends everything again, POST too",
  },
} as const;

/** What load balancers do after a failure of a server behind them; empty where that depends on nothing known. */
export function balancerNotes(failure: Failure): readonly BalancerNote[] {
  const kind = noteKind(failure);
  return kind === null ? [] : [...listed(notes[kind]), ownResponse(failure)];
}

/** What load balancers do with a response of that status. */
export function statusNotes(status: number): readonly BalancerNote[] {
  return status >= 502 && status <= 504 ? listed(notes.answered) : [];
}

function listed(texts: (typeof notes)[keyof typeof notes]): BalancerNote[] {
  return (["nginx", "HAProxy", "Envoy"] as const).map((balancer) => ({
    balancer,
    text: texts[balancer],
  }));
}

function noteKind({ kind, delivery }: Failure): keyof typeof notes | null {
  if (kind === "aborted" || kind === "unknown") return null;
  if (delivery === "unsent") return "unsent";
  if (delivery === "delivered") return "cut";
  if (kind === "timeout") return "timeout";
  return kind === "protocol" ? "invalid" : "lost";
}

/** What a service may respond with, since load balancers act on the status alone. */
function ownResponse({ status, delivery }: Failure): BalancerNote {
  const may = `${status} if its own caller may send again (an idempotent method, a deduplicated key), otherwise 500: HAProxy and Envoy send a POST again that gets ${status}`;
  const text =
    delivery === "delivered" ? "cut it, so that the client sees that it is not whole" : may;
  return { balancer: "your response", text };
}
