/** A function of an app's stack, or a router in it. */
export interface Handle extends Function {
  readonly stack?: readonly Layer[] | undefined;
}

/** A route of an app, with its handlers. */
interface Route {
  readonly path?: unknown;
  readonly stack?: readonly Layer[] | undefined;
}

/** A layer of a stack, in the fields that Express 4 and 5 have. */
export interface Layer {
  readonly handle?: Handle | undefined;
  readonly route?: Route | undefined;
  /** Express 5: whether it is mounted at the root. */
  readonly slash?: boolean | undefined;
  /** Express 4: the same. */
  readonly regexp?: { readonly fast_slash?: boolean | undefined } | undefined;
}

/**
 * What stands at a place of an app. A `handler` takes errors; `middleware` is mounted at the root, so that it may end a
 * request or pass it on; everything that is mounted elsewhere counts as a route.
 */
type Place = "errors" | "gate" | "handler" | "middleware" | "route";

/** Functions that stand in an app: one gate, and the error translators of all gates. */
export interface GateFunctions {
  readonly gate: Function;
  readonly errors: { has(handle: Function): boolean };
}

/** What is wrong with the order of an app. */
export type MountProblem = "errorsBeforeRoutes" | "gateAfterRoutes";

/** The deepest nesting of routers that is looked into. */
export const maxDepth = 16;

/** An app, in the fields that are read; `_router` is Express 4's, where `router` throws, and `router` is Express 5's. */
export interface App {
  readonly _router?: Handle | undefined;
  readonly router?: Handle | undefined;
  readonly parent?: App | undefined;
}

/** Finds what is certainly wrong with the places of a gate and the error translators in an app; usually nothing. */
export function mountProblems(app: unknown, functions: GateFunctions): MountProblem[] {
  const places = placesOf(stackOf(app as App | undefined), functions, 0);
  const problems: MountProblem[] = [];
  const gateAt = places.indexOf("gate");
  // A gate that is wrapped in another function is not found.
  if (gateAt === -1) return problems;
  const after = places.slice(gateAt + 1);
  const isLast = after.every((place) => place === "errors" || place === "handler");
  if (isLast && places.slice(0, gateAt).includes("route")) problems.push("gateAfterRoutes");
  const errorsAt = places.lastIndexOf("errors");
  const covered = places.slice(gateAt, Math.max(errorsAt, gateAt));
  const isEarly = errorsAt !== -1 && after.includes("route") && !covered.includes("route");
  if (isEarly) problems.push("errorsBeforeRoutes");
  return problems;
}

/** Whether an error translator stands in an app, or in one that the app is mounted in. */
export function hasTranslator(app: unknown, functions: GateFunctions): boolean {
  let next = app as App | undefined;
  for (let depth = 0; next !== undefined && depth < maxDepth; depth += 1) {
    if (placesOf(stackOf(next), functions, 0).includes("errors")) return true;
    next = next.parent;
  }
  return false;
}

function stackOf(app: App | undefined): readonly Layer[] {
  return (app?._router ?? app?.router)?.stack ?? [];
}

function placesOf(stack: readonly Layer[], functions: GateFunctions, depth: number): Place[] {
  if (depth > maxDepth) return [];
  return stack.flatMap((layer): Place[] => {
    const { handle, route } = layer;
    if (route?.stack !== undefined) {
      const own = placesOf(route.stack, functions, depth + 1).filter((place) => place === "gate");
      return [...own, "route"];
    }
    if (handle === undefined) return [];
    if (handle === functions.gate) return ["gate"];
    if (functions.errors.has(handle)) return ["errors"];
    if (handle.stack !== undefined) return inRouter(handle.stack, functions, depth + 1);
    if (handle.length === 4) return ["handler"];
    const isAtRoot = layer.slash ?? layer.regexp?.fast_slash ?? false;
    return isAtRoot && handle.name !== "mounted_app" ? ["middleware"] : ["route"];
  });
}

/** The places of a router; one without any of the gate's own functions counts as a route, even if it has none yet. */
function inRouter(stack: readonly Layer[], functions: GateFunctions, depth: number): Place[] {
  const places = placesOf(stack, functions, depth);
  return places.includes("gate") || places.includes("errors") ? places : ["route"];
}
