import { OptionError } from "./reissue-error.ts";
import { describe } from "./option.ts";

/** Method and path of a route, as requests are compared with them. */
export interface RoutePattern {
  readonly method: string;
  readonly pattern: RegExp;
  /** The path, at its slashes. */
  readonly segments: readonly string[];
}

/** Whether a pattern matches every call that another one matches. */
function covers(wide: RoutePattern, narrow: RoutePattern): boolean {
  if (wide.method !== narrow.method) return false;
  const last = wide.segments.length - 1;
  const endsOpen = wide.segments[last] === "*";
  if (narrow.segments.length <= last) return false;
  if (!endsOpen && narrow.segments.length !== wide.segments.length) return false;
  return wide.segments.every((segment, index) => {
    if (endsOpen && index === last) return true;
    const other = narrow.segments[index]!;
    const isOpen = other === "*" && index === narrow.segments.length - 1;
    if (isOpen) return false;
    return parameter.test(segment) ? other !== "" : segment === other;
  });
}

const parameter = /^:\w+$/;

/** Segments that look like a parameter of some router, or a part of a regular expression. */
const foreignSegment = /^:|^\{.*\}$|^\[.*\]$|^<.*>$|\\|\.[*+]|[)\]}][*+?]|\([^)]*\||\[\^|^\*+$/;

/** Ends of a regular expression, outside its segments. */
const foreignEnd = /^\^|[^/]\$$/;

/**
 * Reads the name of a route, `METHOD /path`.
 *
 * Calls have their method in capitals, and their path as the URL parser writes it, without a query: a name that none can
 * have is refused.
 *
 * @param path - Path of the option in error messages.
 * @throws {@link OptionError} for a name that no call can match.
 */
export function routePattern(name: string, path: string): RoutePattern {
  const [method = "", pathname = "", ...rest] = name.split(" ");
  if (method === "" || pathname === "" || rest.length > 0) {
    throw new OptionError(path, 'must be named "METHOD /path"');
  }
  checkMethod(method, pathname, path);
  checkPath(method, pathname, path);
  const segments = pathname.split("/");
  const last = segments.length - 1;
  const source = segments.map((segment, index) => {
    if (segment === "*" && index === last) return ".*";
    return parameter.test(segment) ? "[^/]+" : escaped(segment);
  });
  return {
    method,
    pattern: new RegExp(`^${source.join("/")}$`),
    segments,
  };
}

/**
 * Refuses a route all of whose calls match one before it.
 *
 * @param names - Names of the routes, in their order.
 * @param path - Path of the option that holds them.
 * @throws {@link OptionError} for a route that is never reached.
 */
export function checkReached(
  routes: readonly RoutePattern[],
  names: readonly string[],
  path: string,
): void {
  for (const [index, each] of routes.entries()) {
    const earlier = routes.slice(0, index).findIndex((other) => covers(other, each));
    if (earlier === -1) continue;
    const problem = `never matches: ${describe(names[earlier])} stands before it, and the first that matches holds`;
    throw new OptionError(`${path}[${JSON.stringify(names[index])}]`, problem);
  }
}

/** Takes the query and the fragment off a request target. */
export function pathOf(target: string): string {
  const end = target.search(/[?#]/);
  return end === -1 ? target : target.slice(0, end);
}

function checkMethod(method: string, pathname: string, path: string): void {
  if (/^[A-Z][A-Z\d_-]*$/.test(method)) return;
  if (!/^[A-Za-z][\w-]*$/.test(method)) {
    throw new OptionError(path, `must name one method, got ${describe(method)}`);
  }
  const meant = `${method.toUpperCase()} ${pathname}`;
  throw new OptionError(path, `never matches: the method is in capitals, ${describe(meant)}`);
}

function checkPath(method: string, pathname: string, path: string): void {
  const refuse = (problem: string): never => {
    throw new OptionError(path, `never matches: ${problem}`);
  };
  const meant = (sent: string): string => describe(`${method} ${sent}`);
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(pathname)) {
    const { pathname: below } = URL.canParse(pathname) ? new URL(pathname) : { pathname: "/path" };
    refuse(`a route is a path below its origin, ${meant(below)}`);
  }
  const segments = pathname.split("/");
  const foreign = segments.find((segment, index) => {
    const isRest = segment === "*" && index === segments.length - 1 && index > 0;
    return !isRest && !parameter.test(segment) && foreignSegment.test(segment);
  });
  if (foreign !== undefined || foreignEnd.test(pathname)) {
    const kinds = "`:name` is one segment, a last `*` the rest, and nothing else is a pattern";
    refuse(`${describe(foreign ?? pathname)} is compared letter by letter; ${kinds}`);
  }
  if (!pathname.startsWith("/")) refuse(`the path begins with a slash, ${meant(`/${pathname}`)}`);
  const mark = pathname.search(/[?#]/);
  if (mark !== -1) {
    refuse(`a query or a fragment is not compared; write ${meant(pathname.slice(0, mark))}`);
  }
  const { pathname: sent } = new URL(`http://upstream${pathname}`);
  if (sent !== pathname) refuse(`a URL's path is sent as ${meant(sent)}`);
}

function escaped(segment: string): string {
  return segment.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
