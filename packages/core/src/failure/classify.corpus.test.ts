import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { classify } from "./classify.ts";
import type { Evidence, FailureKind } from "./failure.ts";

interface Recorded {
  readonly [key: string]: unknown;
  readonly ctor?: string;
  readonly name?: string;
  readonly message?: string;
  readonly cause?: Recorded;
  readonly errors?: readonly Recorded[];
}

interface Row {
  readonly lib: string;
  readonly node: string;
  readonly mode: string;
  readonly status: number | null;
  readonly processed: "no" | "maybe";
  readonly err: Recorded;
}

const corpus = new URL("../../../../test/corpus/error-shapes.jsonl", import.meta.url);
const rows = readFileSync(corpus, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Row);

/** The error as it was thrown: its class, its non-enumerable fields, and objects where the corpus has "[Writable]". */
function revive(recorded: Recorded): object {
  const { ctor = "Error", name, message, cause, errors, ...rest } = recorded;
  const fields = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => {
      if (typeof value !== "string" || !/^\[\w+\]$/.test(value)) return [key, value];
      return [key, value === "[undefined]" ? undefined : {}];
    }),
  );
  if (ctor === "DOMException") return new DOMException(message, name);
  const options = cause === undefined ? undefined : { cause: revive(cause) };
  if (ctor === "Object") return Object.assign({}, fields, { name, message }, options);
  const error =
    errors === undefined
      ? new (classNamed(ctor))(message, options)
      : new AggregateError(errors.map(revive), message, options);
  if (name !== undefined && error.name !== name) {
    Object.defineProperty(error, "name", { value: name, configurable: true });
  }
  return Object.assign(error, fields);
}

function classNamed(name: string): ErrorConstructor {
  if (name === "Error") return Error;
  if (name === "TypeError") return TypeError;
  const made = class extends Error {
    override name = name;
  };
  Object.defineProperty(made, "name", { value: name });
  return made as unknown as ErrorConstructor;
}

/** The rows whose error is word for word the same as that of a row with another answer: only the sender can tell. */
const ambiguous: readonly (readonly [lib: string, modes: RegExp, why: string, Evidence])[] = [
  [
    "node-http",
    /^(header|body)_timeout$/,
    'req.destroy() after a timeout: "socket hang up" and "aborted", as in a reset and a cut',
    { timedOut: true },
  ],
  [
    "node-http-opt",
    /^connect_timeout$/,
    '"upstream timeout" ETIMEDOUT without a call, as for the headers',
    { phase: "connect" },
  ],
  ["axios", /^connect_timeout$/, "ECONNABORTED, as for the headers", { phase: "connect" }],
  ["axios", /^body_timeout$/, '"stream has been aborted", as in a cut', { timedOut: true }],
  [
    "axios",
    /^sigtimeout_/,
    "ERR_CANCELED, as in the caller's abort; the reason was not recorded",
    { timedOut: true },
  ],
];

/** Codes that stand for faults of both sorts, word for word the same, so that the answer is the weaker one. */
const alsoRecordedAsMaybe: ReadonlySet<string | null> = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "SELF_SIGNED_CERT_IN_CHAIN",
]);

/** What each injected fault may be called. */
const kinds: readonly (readonly [modes: RegExp, kinds: readonly FailureKind[]])[] = [
  [/refused$/, ["refused"]],
  [/^rst_on_accept|epipe_big_post_rst/, ["reset"]],
  [/^(fin_on_accept|(rst|fin)_after_request|(rst|fin)_mid_headers|stale_|epipe_)/, ["reset"]],
  [/^(rst|fin)_mid_(body|chunked)$/, ["reset", "incomplete"]],
  [/timeout|sigtimeout|tls_hang/, ["timeout"]],
  [/^parse_(garbage|header_overflow|bad_chunk)|bad_gzip/, ["protocol"]],
  [/^parse_bad_length$/, ["protocol", "incomplete"]],
  [/^abort_by_caller/, ["aborted"]],
  [/^dns_/, ["dns"]],
  [/^tls_(selfsigned|unknown_ca|expired|altname)$/, ["certificate"]],
  [/^tls_(to_plain)$/, ["tls"]],
  // One recording's client did not trust the server in the first place.
  [/^tls_old_proto$/, ["tls", "certificate"]],
  [/^tls_need_clientcert$/, ["tls", "reset", "certificate"]],
  [/^tls_(rst|fin)$/, ["reset"]],
];

function evidenceOf(row: Row): Evidence | undefined {
  return ambiguous.find(([lib, modes]) => lib === row.lib && modes.test(row.mode))?.[3];
}

describe("the 273 recorded errors", () => {
  it("all are there", () => {
    expect(rows).toHaveLength(273);
  });

  it.each(rows.map((row) => [`${row.lib} ${row.mode} (Node ${row.node})`, row] as const))(
    "%s gets its status, delivery and kind",
    (_, row) => {
      for (const error of [revive(row.err), Object.freeze(revive(row.err))]) {
        const failure = classify(error, evidenceOf(row));
        expect(failure.status).toBe(row.status);
        const allowed = kinds.find(([modes]) => modes.test(row.mode))?.[1] ?? [];
        expect(allowed).toContain(failure.kind);
        if (row.processed === "maybe") expect(failure.delivery).not.toBe("unsent");
        else if (!alsoRecordedAsMaybe.has(failure.code)) expect(failure.delivery).toBe("unsent");
        expect(classify(error, { ...evidenceOf(row), written: false }).delivery).toBe("unsent");
      }
    },
  );

  it("an error is never unsent without evidence if the same error also occurs after processing", () => {
    for (const row of rows.filter((row) => evidenceOf(row) !== undefined)) {
      expect(classify(revive(row.err)).delivery).not.toBe("unsent");
    }
  });

  it("evidence is needed only for the listed errors, and changes their result", () => {
    const settled = rows.filter((row) => evidenceOf(row) !== undefined);
    expect(settled).toHaveLength(7);
    for (const row of settled) {
      const without = classify(revive(row.err));
      const rightWithout =
        without.status === row.status &&
        (without.delivery === "unsent") === (row.processed === "no");
      expect(rightWithout, `${row.lib} ${row.mode}`).toBe(false);
    }
  });

  it("an error before the response on a reused connection is stale", () => {
    for (const row of rows.filter(({ mode }) => mode.startsWith("stale_"))) {
      const failure = classify(revive(row.err), {
        reused: true,
        responseStarted: false,
        diedAfterMs: 0,
      });
      expect(failure.delivery, `${row.lib} ${row.mode}`).toBe("stale");
    }
  });
});
