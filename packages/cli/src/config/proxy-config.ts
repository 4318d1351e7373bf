import envoy from "../../../../docs/recipes/envoy/envoy.yaml?raw";
import haproxy from "../../../../docs/recipes/haproxy/haproxy.cfg?raw";
import deployment from "../../../../docs/recipes/kubernetes/deployment.yaml?raw";
import nginx from "../../../../docs/recipes/nginx/service.conf?raw";

/** A configuration that can be printed. */
export type ProxyName = "nginx" | "haproxy" | "envoy" | "kubernetes";

/** A configuration of docs/recipes. */
export interface ProxyConfig {
  /** The file of the recipe, as it is. */
  readonly text: string;
  /** Name of the file, and of its folder in docs/recipes. */
  readonly file: string;
  /** How far tests run it. */
  readonly tested: string;
  /** Where clients' idle connections get their timeout: a line of the file, and what takes its place; null for nowhere. */
  readonly keepAlive: readonly [line: string, replacement: (seconds: number) => string] | null;
}

/** The configurations, by the name of the proxy that they are for. */
export const proxyConfigs: Readonly<Record<ProxyName, ProxyConfig>> = {
  nginx: {
    text: nginx,
    file: "nginx/service.conf",
    tested: "run in Reissue's tests by Debian's nginx 1.22",
    keepAlive: [
      "    listen 127.0.0.1:8080;\n",
      (seconds) => `    listen 127.0.0.1:8080;\n    keepalive_timeout ${seconds}s;\n`,
    ],
  },
  haproxy: {
    text: haproxy,
    file: "haproxy/haproxy.cfg",
    tested: "run in Reissue's tests by Debian's HAProxy 2.6",
    keepAlive: [
      "    timeout http-keep-alive 60s\n",
      (seconds) => `    timeout http-keep-alive ${seconds}s\n`,
    ],
  },
  envoy: {
    text: envoy,
    file: "envoy/envoy.yaml",
    tested: "written after Envoy's documentation, and not run",
    keepAlive: [
      "                stat_prefix: web\n",
      (seconds) =>
        `                stat_prefix: web\n                common_http_protocol_options: { idle_timeout: ${seconds}s }\n`,
    ],
  },
  kubernetes: {
    text: deployment,
    file: "kubernetes/deployment.yaml",
    tested: "its service is run in Reissue's tests, the manifest is not",
    keepAlive: null,
  },
};

/** Whether there is a configuration of that name. */
export function isProxyName(name: string): name is ProxyName {
  return Object.hasOwn(proxyConfigs, name);
}

/**
 * The configuration for a proxy behind another load balancer, whose idle connections it has to keep for longer than that.
 *
 * @param keepAliveMs - How long the proxy is to keep idle connections of its clients; null for the recipe as it is.
 */
export function configText({ text, keepAlive }: ProxyConfig, keepAliveMs: number | null): string {
  if (keepAliveMs === null || keepAlive === null) return text;
  const [line, replacement] = keepAlive;
  const [before, after, ...more] = text.split(line);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`The recipe has no single line ${JSON.stringify(line)}`);
  }
  return before + replacement(Math.ceil(keepAliveMs / 1000)) + after;
}
