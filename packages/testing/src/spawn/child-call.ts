/** Methods of the upstream in the child that the parent may call. */
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

/** A message from parent to child; one {@link ChildReply} with the same number follows. */
export interface ChildCall {
  readonly call: number;
  readonly method: RemoteMethod | "open";
  readonly argument?: unknown;
}

/** A message from child to parent: a value, or the error that was thrown. */
export interface ChildReply {
  readonly call: number;
  readonly value?: unknown;
  readonly error?: unknown;
}
