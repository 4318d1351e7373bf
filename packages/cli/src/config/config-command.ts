import { balancerMarginMs, closestName, type Balancer } from "@reissue/core/internal";

import { parseArguments, wrongArgument } from "../arguments/parse-arguments.ts";
import { balancersArgument, longestIdleMs } from "../arguments/balancer-argument.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { docsLink } from "../links.ts";
import { styleOf } from "../terminal/style.ts";
import { configText, isProxyName, proxyConfigs, type ProxyName } from "./proxy-config.ts";

const help = `Usage: reissue config [--behind <balancer>] [--json] <name>

Prints the configuration of docs/recipes to stdout, and what belongs to it to
stderr. Names:

  nginx        sends GET, PUT, DELETE again, never a POST
  haproxy      the same, and POSTs that Reissue says are safe
  envoy        the same
  kubernetes   a Deployment with the probes and times for a drain

  reissue config nginx > /etc/nginx/conf.d/service.conf
  reissue config haproxy --behind aws-alb > /etc/haproxy/haproxy.cfg

Options
  --behind <balancer>  what stands before it, whose idle connections it has to
                       keep for longer: aws-alb, aws-nlb, cloudflare,
                       cloudfront, envoy, gcp, haproxy, istio, nginx, traefik
  --json               prints { name, file, text, service, page }
Exit codes: 0 printed, 2 wrong arguments
`;

/** `reissue config`. */
export const config: Command = {
  name: "config",
  summary: "the tested configuration of nginx, HAProxy, Envoy, Kubernetes",
  help,
  async run(args, { stdout, stderr, env }) {
    const { values, positionals } = parseArguments("config", args, {
      behind: { type: "string", multiple: true },
      json: { type: "boolean" },
    });
    const name = nameOf(positionals);
    const behind = balancersArgument("config", values.behind ?? []);
    const found = proxyConfigs[name];
    const keepAliveMs = behind.length === 0 ? null : longestIdleMs(behind) + balancerMarginMs;
    const text = configText(found, keepAliveMs);
    const service = serviceCode(name, behind);
    const page = docsLink(`recipes/${name}.md`);
    if (values.json === true) {
      const { file, tested } = found;
      stdout.write(`${JSON.stringify({ name, file, tested, text, service, page }, null, 2)}\n`);
      return exitCodes.ok;
    }
    const style = styleOf(stderr, env);
    stdout.write(text);
    stderr.write(
      `${style.quiet(`${found.file}, ${found.tested}: ${page}`)}\n` +
        `In the service: ${style.code(service)}\n`,
    );
    return exitCodes.ok;
  },
};

function nameOf([name, ...more]: readonly string[]): ProxyName {
  const names = Object.keys(proxyConfigs);
  if (name !== undefined && isProxyName(name) && more.length === 0) return name;
  const closest = name === undefined ? null : closestName(name, names);
  const hint = closest === null ? `One of ${names.join(", ")}.` : `Did you mean ${closest}?`;
  const problem =
    name === undefined ? "A name is missing." : `There is no configuration "${name}".`;
  throw wrongArgument("config", problem, hint);
}

/** What the service behind the proxy says; on Kubernetes what stands before it is said by `--behind`. */
function serviceCode(name: ProxyName, behind: readonly Balancer[]): string {
  if (name !== "kubernetes") {
    // The recipe sets Envoy's idle timeout to 60 s.
    const own = name === "envoy" ? "idleMs: 60_000" : `behind: "${name}"`;
    return `keepAlive(server, { ${own} })`;
  }
  const names = behind.length === 0 ? ["nginx"] : behind;
  const list = names.map((each) => `"${each}"`).join(", ");
  return `keepAlive(server, { behind: ${names.length === 1 ? list : `[${list}]`} })`;
}
