/** A load balancer, proxy or CDN that keeps connections to a server open. */
export type Balancer =
  | "aws-alb"
  | "aws-nlb"
  | "cloudflare"
  | "cloudfront"
  | "envoy"
  | "gcp"
  | "haproxy"
  | "istio"
  | "nginx"
  | "traefik";

/**
 * How long each load balancer keeps an idle connection to its origin by default, in ms.
 *
 * From their documentation and, for nginx and HAProxy, measured with Debian's packages.
 */
export const balancerIdleMs: Readonly<Record<Balancer, number>> = {
  "aws-alb": 60_000,
  "aws-nlb": 350_000,
  cloudflare: 900_000,
  cloudfront: 5000,
  envoy: 3_600_000,
  gcp: 600_000,
  haproxy: 5000,
  istio: 3_600_000,
  nginx: 60_000,
  traefik: 90_000,
};

/** How much longer than its load balancer a server keeps idle connections, in ms: for requests on their way. */
export const balancerMarginMs = 5000;

/** Whether a value is the name of a load balancer. */
export function isBalancer(value: unknown): value is Balancer {
  return typeof value === "string" && Object.hasOwn(balancerIdleMs, value);
}
