/** Sender of a request: a client of `@reissue/upstream`, or an agent of `@reissue/agent`. */
export type ClientKind = "upstream" | "agent";
