import { balancersArgument } from "../arguments/balancer-argument.ts";
import { durationArgument, parseArguments, wrongArgument } from "../arguments/parse-arguments.ts";
import { targetArgument, targetOptions } from "../arguments/target-arguments.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { Progress } from "../terminal/progress.ts";
import { styleOf } from "../terminal/style.ts";
import { textWidth } from "../terminal/text-table.ts";
import { doctorText } from "./doctor-text.ts";
import { examineServer, type Examination } from "./examine-server.ts";

const help = `Usage: reissue doctor --behind <balancer> [options] <url> [-- <command>]

Says whether a server keeps idle connections for longer than the load balancer
before it, and, if it is given the command that starts the server, whether
requests are lost when it is told to end (SIGTERM).

  reissue doctor http://localhost:8080/health --behind aws-alb
  reissue doctor http://localhost:8080 --behind nginx -- node server.js

Options
  --behind <balancer>     aws-alb, aws-nlb, cloudflare, cloudfront, envoy, gcp,
                          haproxy, istio, nginx, traefik; several by commas
  --idle <time>           its idle timeout, where that is not the default
  --max-idle <time>       longest idle time that is measured (130s)
  --start-timeout <time>  until the command listens on the URL's port (30s)
  --drain-timeout <time>  until it has ended (30s)
  --json                  prints the report as JSON
  --method, --path, --timeout, --ca, --insecure: as those of reissue probe
Exit codes: 0 nothing to change, 1 something to change, 2 wrong arguments,
  3 no connection, 4 TLS failed, 5 no HTTP, 6 the command failed
`;

/** `reissue doctor`. */
export const doctor: Command = {
  name: "doctor",
  summary: "whether a server outlasts its load balancer, and how it shuts down",
  help,
  async run(args, terminal) {
    const end = args.indexOf("--");
    const own = end === -1 ? args : args.slice(0, end);
    const { values, positionals } = parseArguments("doctor", own, {
      ...targetOptions,
      behind: { type: "string", multiple: true },
      idle: { type: "string" },
      "max-idle": { type: "string" },
      "start-timeout": { type: "string" },
      "drain-timeout": { type: "string" },
      json: { type: "boolean" },
    });
    const target = targetArgument("doctor", positionals, values);
    const duration = (name: keyof typeof values, text: string): number =>
      durationArgument("doctor", `--${name}`, String(values[name] ?? text));
    const examination: Examination = {
      behind: balancersArgument("doctor", values.behind ?? []),
      idleMs: values.idle === undefined ? null : duration("idle", ""),
      maxIdleMs: duration("max-idle", "130s"),
      command: end === -1 ? [] : args.slice(end + 1),
      startTimeoutMs: duration("start-timeout", "30s"),
      drainTimeoutMs: duration("drain-timeout", "30s"),
    };
    if (examination.behind.length === 0 && examination.idleMs === null) {
      throw wrongArgument("doctor", "--behind is missing: what stands before the server.");
    }
    const { stdout, stderr, env, signal } = terminal;
    const progress = new Progress(terminal, target.clock);
    const startedMs = target.clock.now();
    const onStage = (stage: string): void =>
      progress.show(() => {
        const seconds = Math.round((target.clock.now() - startedMs) / 1000);
        return `${target.url.host}: ${stage} (${seconds} s)`;
      });
    const report = await examineServer(target, examination, stderr, signal, onStage).finally(() =>
      progress.clear(),
    );
    stdout.write(
      values.json === true
        ? `${JSON.stringify(report, null, 2)}\n`
        : doctorText(report, styleOf(stdout, env), textWidth(stdout.columns)),
    );
    const isBad = report.findings.some(({ state }) => state === "bad");
    return isBad ? exitCodes.found : exitCodes.ok;
  },
};
