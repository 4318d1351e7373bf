// @ts-check

/** Every bench, in the order of docs/benchmarks.md and docs/at-scale.md: `<name>.js`, which writes results/<name>.json. */
export const benches = [
  "throughput",
  "adapters",
  "idempotency",
  "bodies",
  "decide",
  "stale-resend",
  "memory",
  "agent",
  "observed",
  "cold-start",
  "fleet",
  "fleet-validation",
];
