import { readFileSync } from "node:fs";

import { systemClock } from "@reissue/core";

import { durationArgument, wrongArgument } from "./parse-arguments.ts";
import type { Target } from "../probe/connection/target.ts";

/** Options of the command line that say which server is measured, and how. */
export const targetOptions = {
  method: { type: "string" },
  path: { type: "string" },
  timeout: { type: "string" },
  ca: { type: "string" },
  insecure: { type: "boolean" },
} as const;

/** Values of {@link targetOptions}. */
interface TargetValues {
  readonly method?: string | undefined;
  readonly path?: string | undefined;
  readonly timeout?: string | undefined;
  readonly ca?: string | undefined;
  readonly insecure?: boolean | undefined;
}

/** Methods that a probe may repeat as often as it likes. */
const safeMethods = ["GET", "HEAD", "OPTIONS"];

/**
 * Reads the server to be measured.
 *
 * @throws CommandError for a wrong URL or option.
 */
export function targetArgument(
  command: string,
  positionals: readonly string[],
  values: TargetValues,
): Target {
  const url = urlOf(command, positionals);
  const { method = "GET", path = url.pathname + url.search, timeout, ca, insecure } = values;
  if (!safeMethods.includes(method)) {
    throw wrongArgument(
      command,
      `--method must be one of ${safeMethods.join(", ")}: it is repeated.`,
    );
  }
  if (!/^\/[!-~]*$/.test(path)) {
    throw wrongArgument(command, `--path must begin with / and hold no space, got "${path}".`);
  }
  return {
    url,
    method,
    path,
    timeoutMs: timeout === undefined ? 10_000 : durationArgument(command, "--timeout", timeout),
    ca: ca === undefined ? undefined : readCertificate(command, ca),
    insecure: insecure === true,
    clock: systemClock,
  };
}

function urlOf(command: string, [text, ...more]: readonly string[]): URL {
  if (text === undefined) throw wrongArgument(command, "The URL is missing.");
  if (more.length > 0) throw wrongArgument(command, `One URL at a time, got "${more[0]}" too.`);
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    const whole = `http://${text}`;
    const hint = URL.canParse(whole) && !text.includes("://") ? `Did you mean ${whole}?` : "";
    throw wrongArgument(command, `"${text}" is not a URL of http or https.`, hint);
  }
  if (url.username !== "" || url.password !== "") {
    throw wrongArgument(command, "The URL must not hold a user or a password.");
  }
  return url;
}

function readCertificate(command: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw wrongArgument(command, `--ca cannot be read: ${(error as Error).message}.`);
  }
}
