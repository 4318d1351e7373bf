import type { Subject } from "../subject.ts";

/** What a status says about the request, where a proxy or a gateway may have sent it. */
const statuses: Readonly<Record<number, string>> = {
  408: "The server waited for the request for too long. On an idle connection it is the announcement of a close that crossed the request.",
  429: "The server limits the rate; Retry-After says when to come back.",
  499: "nginx' own status: the client disconnected before the response. No client ever sees it.",
  500: "The server failed. It may have done the work, or a part of it; no load balancer sends it again by default.",
  502: "A gateway has no valid response of its upstream. Whether the request was processed only its logs can tell.",
  503: "The server, or a gateway before it, has no capacity, or no healthy upstream.",
  504: "A gateway has no response of its upstream in time. The request may still be running.",
};

/** Axios, got, ky, superagent, a status line, nginx' own page, or the number alone. */
const quoted = [
  /^(\d{3})(?: [A-Z][\w -]*)?$/,
  /Request failed with status code (\d{3})/,
  /Response code (\d{3})/,
  /^HTTP\/\d(?:\.\d)? (\d{3})/,
  /<title>(\d{3}) /,
];

/** Reads a response status, alone or in a client's words; null for any other text, and for statuses of success. */
export function statusSubject(text: string): Subject | null {
  for (const pattern of quoted) {
    const status = Number(pattern.exec(text.trim())?.[1]);
    if (!(status >= 400 && status <= 599)) continue;
    const meaning =
      statuses[status] ?? "The server has responded: this is no failure of the connection.";
    return { speaker: "status", title: `HTTP status ${status}`, failure: null, status, meaning };
  }
  return null;
}
