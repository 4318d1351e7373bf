/** What the default budget comes to: 20 % of the requests on top of them. */
const budgeted = "1.2 times";

/**
 * Figures on pages that look like measured ones and are not: settings and their defaults, other programs' constants, and
 * what follows from them by arithmetic. A measured figure has no place here: it comes from a file in bench/results.
 */
export const unmeasured: Readonly<Record<string, readonly string[]>> = {
  "README.md": ["a budget of 20 %", budgeted],
  "docs/alerts.md": ["The objective is that 99.9 %", "1.44 %", "0.6 %", "0.3 %", "0.1 %"],
  "docs/at-scale.md": ["has recovered when 99 %"],
  "docs/cli.md": ["by bisection, to 5 %"],
  "docs/decisions/0001-own-pool.md": ["idle for 1 ms", "less than 20 ms"],
  "docs/decisions/0003-retry-budget.md": ["(20 % of requests", "slices of 200 ms", budgeted],
  "docs/decisions/0009-stale-evidence.md": ["least 50 ms", "limit to 80 %", "within 50 ms"],
  "docs/decisions/0010-timeouts.md": ["every 499 ms"],
  "docs/decisions/0014-claims.md": ["after 250 ms", "at most 20 ms"],
  "docs/faq.md": [budgeted],
  "docs/migrating/axios-retry.md": ["from 50 ms"],
  "docs/migrating/got.md": ["again, 9 times"],
  "docs/recipes/README.md": [budgeted],
  "docs/recipes/idempotency.md": ["20 % of the calls"],
  "docs/recipes/shutdown.md": ["12 times"],
  "packages/store-postgres/README.md": ["within 20 ms"],
  "packages/testing/README.md": ["within 250 ms"],
};
