import {
  bodies,
  headers,
  inits,
  locations,
  methods,
  others,
  paths,
  reads,
  signals,
} from "./call-parts.ts";

/** One call, made anew for each client that makes it. */
export interface GeneratedCall {
  readonly name: string;
  /** When its signal aborts it, once it is under way; null for never. */
  readonly aborts: "before the head" | "in the body" | null;
  readonly hasForm: boolean;
  make(): {
    readonly input: unknown;
    readonly init: unknown;
    /** Aborts its signal. */
    readonly abort: () => void;
    readonly read: string;
  };
}

/** Makes the call of a number out of what chance gives it. */
export function generatedCall(number: number, origin: string, random: () => number): GeneratedCall {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const often = (share: number): boolean => random() < share;
  const method = often(0.3) ? undefined : pick(methods);
  const [headerName, makeHeaders] = often(0.5) ? headers[0]! : pick(headers);
  const mayHaveBody =
    !["GET", "HEAD", "get", "head", "Get", undefined].includes(method as string) || often(0.1);
  const [bodyName, makeBody] =
    mayHaveBody && often(0.8) ? pick(bodies) : (["no body", () => undefined] as const);
  const duplex = /stream|generator/.test(bodyName) ? often(0.8) : often(0.1);
  const signal = pick(signals);
  const redirects = often(0.3);
  const late = signal === "late";
  const path = late
    ? pick(/^head$/i.test(String(method)) ? ["/silent"] : ["/slow", "/silent"])
    : redirects
      ? `/redirect/${pick([301, 302, 303, 307, 308])}/${encodeURIComponent(pick(locations))}`
      : pick(paths);
  const extra = often(0.4) ? [pick(others), ...(often(0.3) ? [pick(others)] : [])] : [];
  const [initName, makeInit] = pick(inits);
  const inputKind = pick(["text", "text", "text", "URL", "Request", "object"]);
  const hash = path.indexOf("#");
  const [bare, fragment] = hash === -1 ? [path, ""] : [path.slice(0, hash), path.slice(hash)];
  const url = often(0.03)
    ? pick([
        "http://",
        "/relative",
        "ftp://a/",
        "data:text/plain,given",
        "data:,",
        "blob:nodedata:none",
        "about:blank",
        "http://u:p@127.0.0.1/",
        "http://127.0.0.1:25/",
      ])
    : `${origin}${bare}${bare.includes("?") ? "&" : "?"}call=${number}${fragment}`;
  const read = pick(reads);
  const parts = [
    inputKind,
    url.replace(origin, ""),
    String(describe(method)),
    headerName,
    bodyName,
    duplex ? "half" : "",
    signal,
    initName,
    JSON.stringify(extra),
    read,
  ];
  return {
    name: parts.join(" | "),
    aborts: late ? (path === "/slow" ? "in the body" : "before the head") : null,
    hasForm: bodyName === "a form",
    make() {
      const controller = new AbortController();
      const init: Record<string, unknown> = {};
      if (method !== undefined || number % 3 === 0) init["method"] = method;
      const given = makeHeaders();
      if (given !== undefined) init["headers"] = given;
      const body = makeBody();
      if (body !== undefined) init["body"] = body;
      if (duplex) init["duplex"] = "half";
      for (const [name, value] of extra) init[name] = value;
      if (signal === "aborted") controller.abort();
      if (signal === "aborted with a text") controller.abort("the reason");
      if (signal === "null") init["signal"] = null;
      else if (signal === "wrong") init["signal"] = {};
      else if (signal !== "none") init["signal"] = controller.signal;
      return {
        ...inputAndInit(inputKind, url, init, makeInit()),
        abort: () => controller.abort(),
        read,
      };
    },
  };
}

function inputAndInit(
  kind: string,
  url: string,
  init: Record<string, unknown>,
  shape: (init: Record<string, unknown>, url: string) => unknown,
): { input: unknown; init: unknown } {
  switch (kind) {
    case "URL":
      return { input: URL.canParse(url) ? new URL(url) : url, init: shape(init, url) };
    case "Request":
      return { input: new Request(url, init), init: undefined };
    case "object":
      return { input: { toString: () => url }, init: shape(init, url) };
    default:
      return { input: url, init: shape(init, url) };
  }
}

function describe(method: unknown): unknown {
  return typeof method === "object" && method !== null ? "an object" : method;
}
