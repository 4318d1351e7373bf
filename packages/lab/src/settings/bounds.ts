/** Lowest and highest value of a setting, both allowed. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** Share of the requests that meet the fault. More than a tenth would exhaust every client's retry budget. */
export const probabilityBounds: Bounds = { min: 0.005, max: 0.1 };

/** Idle time after which the upstream closes a connection, in ms. Real upstreams take 5 to 60 s: nobody would wait. */
export const idleBounds: Bounds = { min: 40, max: 500 };

/** Methods that a visitor may choose. */
export type LabMethod = "GET" | "PUT" | "POST";

/** Methods in the order in which the page lists them. */
export const labMethods: readonly LabMethod[] = ["GET", "PUT", "POST"];
