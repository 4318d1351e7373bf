import { describe, type MisuseWarnings } from "@reissue/core/internal";

/** The number of calls of a client whose options are looked at: a service has made each of its calls by then. */
const maxCalls = 1000;

/** An option of another client, and what to write here. */
interface ForeignOption {
  readonly remedy: string;
  /** Whether a library that calls with such an option has done itself what it says. */
  readonly isDone?: (given: Given, url: unknown) => boolean;
}

type Given = Readonly<Record<string, unknown>>;

const hasBody = ({ body }: Given): boolean => body !== undefined && body !== null;
const hasSignal = ({ signal }: Given): boolean => signal !== undefined && signal !== null;
const hasQuery = (_given: Given, url: unknown): boolean => /\?/.test(addressOf(url));

const json = "`body: JSON.stringify(value)`, with the header `content-type: application/json`";
const query = "a query in the URL, such as `new URLSearchParams(…)` after a `?`";
const connections = "options of the client: `createUpstream({ connections, tls, … })`";
const timeout =
  "`signal: AbortSignal.timeout(ms)`, or `retry: { attemptTimeoutMs, totalTimeoutMs }` of the client or the call";

/** Options of axios, got, node-fetch and undici that mean nothing in a call, or something else. */
const foreignOptions: Readonly<Record<string, ForeignOption>> = {
  timeout: { remedy: timeout, isDone: hasSignal },
  json: { remedy: json, isDone: hasBody },
  data: { remedy: json, isDone: hasBody },
  form: { remedy: "`body: new URLSearchParams(…)`", isDone: hasBody },
  params: { remedy: query, isDone: hasQuery },
  searchParams: { remedy: query, isDone: hasQuery },
  // Clients on node-fetch pass an agent with every call.
  agent: { remedy: connections, isDone: hasSignal },
  dispatcher: {
    remedy: `${connections}; to call through another dispatcher, use that one`,
  },
  retryOn: { remedy: "`retry: { retryOn: […] }`" },
};

const names = Object.keys(foreignOptions);

/** Looks at the options of a client's first calls for some of other clients, which would be ignored. */
export class CallOptions {
  readonly #warnings: MisuseWarnings;
  #remaining: number;

  constructor(warnings: MisuseWarnings) {
    this.#warnings = warnings;
    this.#remaining = warnings.has("callOption") ? maxCalls : 0;
  }

  /** Looks at the init of `upstream(url, init)`, or the options of `upstream.request(url, options)`. */
  look(url: unknown, given: unknown): void {
    if (this.#remaining === 0 || given === undefined) return;
    this.#remaining -= 1;
    if (typeof given !== "object" || given === null) return;
    // Its own only: an init may be a Request, which has a method `json`.
    for (const name of names)
      if (Object.hasOwn(given, name)) this.#check(name, given as Given, url);
  }

  #check(name: string, given: Given, url: unknown): void {
    const { remedy, isDone } = foreignOptions[name]!;
    const value = given[name];
    if (value === undefined || value === null || isDone?.(given, url) === true) return;
    const target = addressOf(url).split("?", 1)[0];
    const call = `A call to ${describe(target)} has the option \`${name}\`, which is ignored`;
    this.#warnings.report("callOption", `${call}. Instead, write ${remedy}.`, name);
  }
}

/** The URL of a string, a URL or a Request, whose class is not touched: that would load the platform's fetch. */
function addressOf(target: unknown): string {
  const isRequest = typeof target === "object" && target !== null && "url" in target;
  return String(isRequest ? target.url : target);
}
