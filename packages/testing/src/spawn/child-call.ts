/** What the parent may ask of the upstream in the child. */
export type RemoteMethod =
  | "setFaults"
  | "script"
  | "setRespond"
  | "killIdle"
  | "killAll"
  | "restart"
  | "refuse"
  | "accept"
  | "stats"
  | "effects"
  | "duplicates"
  | "requests"
  | "clear"
  | "close";

/** From parent to child; each is answered by one {@link ChildReply} of the same number. */
export interface ChildCall {
  readonly call: number;
  readonly method: RemoteMethod | "open";
  readonly argument?: unknown;
}

/** From child to parent: a value, or the error that was thrown. */
export interface ChildReply {
  readonly call: number;
  readonly value?: unknown;
  readonly error?: unknown;
}
