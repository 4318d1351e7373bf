import { OptionError } from "@reissue/core";
import { pathOf, routePattern, type RoutePattern } from "@reissue/core/internal";

import { toUpstreamResponse, type MockReply } from "./mock-response.ts";

/** Response of a route; of an array each in turn, and the last one from then on. */
export type MockReplies = MockReply | readonly MockReply[];

/** Route of a mock upstream. */
export class MockRoute {
  /** Method and path, such as `GET /orders/:id`. */
  readonly name: string;
  readonly pattern: RoutePattern;
  readonly #replies: readonly MockReply[];
  #next = 0;

  /**
   * @param path - Path of the option in error messages.
   * @throws OptionError for a name that no request can match, or a wrong response.
   */
  constructor(name: string, replies: MockReplies, path: string) {
    this.name = name;
    this.pattern = routePattern(name, path);
    this.#replies = Array.isArray(replies) ? replies : [replies as MockReply];
    if (this.#replies.length === 0) throw new OptionError(path, "must have a response");
    for (const [index, reply] of this.#replies.entries()) {
      const at = Array.isArray(replies) ? `${path}[${index}]` : path;
      if (typeof reply !== "function") toUpstreamResponse(reply, at);
    }
  }

  /** Whether a request is one of the route's; HEAD is where GET is, as in a server. */
  matches(method: string, target: string): boolean {
    const own = this.pattern.method;
    return (
      (own === method || (own === "GET" && method === "HEAD")) &&
      this.pattern.pattern.test(pathOf(target))
    );
  }

  /** Reads the segments of a path that the route's `:name` stands for. */
  params(target: string): Record<string, string> {
    const given = pathOf(target).split("/");
    const named = this.pattern.segments.flatMap((segment, index): [string, string][] =>
      segment.startsWith(":") ? [[segment.slice(1), decoded(given[index] ?? "")]] : [],
    );
    return Object.fromEntries(named);
  }

  /** Takes the response of the next request. */
  reply(): MockReply {
    const reply = this.#replies[Math.min(this.#next, this.#replies.length - 1)]!;
    this.#next += 1;
    return reply;
  }
}

/** A segment that is not percent-encoded UTF-8 stays as it was sent. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
