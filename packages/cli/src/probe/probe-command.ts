import { countArgument, durationArgument, parseArguments } from "../arguments/parse-arguments.ts";
import type { Command } from "../command.ts";
import { durationText } from "../terminal/duration-text.ts";
import { exitCodes } from "../exit-code.ts";
import { Progress } from "../terminal/progress.ts";
import { styleOf } from "../terminal/style.ts";
import { textWidth } from "../terminal/text-table.ts";
import { probeServer } from "./probe-server.ts";
import { reportText } from "./report-text.ts";
import { targetArgument, targetOptions } from "../arguments/target-arguments.ts";

const help = `Usage: reissue probe [options] <url>

Measures how a server treats its connections, and prints the options for its
clients: how long it keeps idle ones and whether its Keep-Alive hint is true,
FIN or RST, requests a connection, 408 on idle, HTTP/2 and its GOAWAY.

  reissue probe http://orders:3000/health
  reissue probe https://api.example.com --max-idle 5m --json

It waits until idle connections are closed: 130 s at the longest.

Options
  --max-idle <time>     longest idle time that is measured (130s); 90s, 5m
  --connections <n>     idle connections at once, 2 to 32 (8)
  --max-requests <n>    requests on one connection, 1 to 1000 (120)
  --method <method>     GET, HEAD or OPTIONS (GET)
  --path <path>         of the requests, instead of the URL's
  --timeout <time>      longest wait for a connection or a response (10s)
  --ca <file>           a certificate to trust, PEM    --insecure   trust any
  --json                prints the report as JSON
Exit codes: 0 measured, 2 wrong arguments, 3 no connection, 4 TLS, 5 no HTTP
`;

/** `reissue probe`. */
export const probe: Command = {
  name: "probe",
  summary: "measures an upstream's idle timeout, and prints the options for it",
  help,
  async run(args, terminal) {
    const { values, positionals } = parseArguments("probe", args, {
      ...targetOptions,
      "max-idle": { type: "string" },
      connections: { type: "string" },
      "max-requests": { type: "string" },
      json: { type: "boolean" },
    });
    const target = targetArgument("probe", positionals, values);
    const limits = {
      maxIdleMs: durationArgument("probe", "--max-idle", values["max-idle"] ?? "130s"),
      connections: countArgument("probe", "--connections", values.connections ?? "8", {
        min: 2,
        max: 32,
      }),
      maxRequests: countArgument("probe", "--max-requests", values["max-requests"] ?? "120", {
        min: 1,
        max: 1000,
      }),
    };
    const { stdout, env, signal } = terminal;
    const progress = new Progress(terminal, target.clock);
    const startedMs = target.clock.now();
    progress.show(() => {
      const seconds = Math.round((target.clock.now() - startedMs) / 1000);
      return `${target.url.host}: idle connections wait to be closed (${seconds} s of at most ${durationText(limits.maxIdleMs)})`;
    });
    const report = await probeServer(target, limits, signal).finally(() => progress.clear());
    stdout.write(
      values.json === true
        ? `${JSON.stringify(report, null, 2)}\n`
        : reportText(report, styleOf(stdout, env), textWidth(stdout.columns)),
    );
    return exitCodes.ok;
  },
};
