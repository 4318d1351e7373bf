/** Fault of the upstream that a visitor may choose; idle connections are closed in addition to each. */
export type FaultChoice = "none" | "reset" | "reset-after" | "end" | "close-after" | "restart";

/** Faults in the order in which the page lists them, with their labels. */
export const faultChoices: Readonly<Record<FaultChoice, string>> = {
  none: "None: it only closes idle connections",
  reset: "Resets a reused connection; the request is not processed",
  "reset-after": "Processes the request, then resets the connection",
  end: "Ends a reused connection (FIN) instead of responding",
  "close-after": "Responds, then closes without saying so",
  restart: "Restarts: all connections die, and it is down for 100 ms",
};

/** Names of the faults. */
export const faultNames: readonly FaultChoice[] = Object.keys(faultChoices) as FaultChoice[];
