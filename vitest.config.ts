import { defineConfig, type Plugin } from "vitest/config";

import { absent } from "./test/support/missing-program.ts";

/** Coverage is counted on the sources; otherwise packages are loaded as they are published, by Node: build first. */
const sources = process.argv.includes("--coverage")
  ? [
      {
        find: /^@reissue\/([^/]+)$/,
        replacement: `${import.meta.dirname}/packages/$1/src/index.ts`,
      },
      {
        find: /^@reissue\/([^/]+)\/(internal|lazy)$/,
        replacement: `${import.meta.dirname}/packages/$1/src/$2.ts`,
      },
      { find: /^reissue$/, replacement: `${import.meta.dirname}/packages/cli/src/index.ts` },
    ]
  : [];

// Every process of the run loads undici 8, and the processes that they start.
if (process.env["REISSUE_UNDICI"] === "8") {
  const preload = `--import=${import.meta.dirname}/test/support/upstream/undici-8.js`;
  process.env["NODE_OPTIONS"] = `${process.env["NODE_OPTIONS"] ?? ""} ${preload}`.trim();
}

/**
 * Has sources that load a sibling package late, by `require`, import its source: `require` would load the package as
 * published, with copies of what is counted. On the lines that are there, so that line numbers stay.
 */
const lazySources: Plugin = {
  name: "lazy-sources",
  enforce: "pre",
  transform(code, id) {
    const late = /createRequire\(import\.meta\.url\)\(("@reissue\/[^"]+")\)/;
    const name = id.startsWith(`${import.meta.dirname}/packages/`) && late.exec(code)?.[1];
    return name ? `import * as lazy from ${name};${code.replace(late, "lazy")}` : null;
  },
};

/** Tests against programs that may be missing; `npm test` says which are, and that these tests are passed over. */
const passedOver = [
  ...(absent("postgres") ? ["test/stores/postgres/**"] : []),
  ...(absent("redis-server") ? ["test/stores/redis/**"] : []),
  ...(absent("postgres") || absent("redis-server") ? ["test/scenarios/processes/**"] : []),
  ...(absent("chromium") ? ["test/lab/browser/**"] : []),
  ...(absent("prometheus") ? ["test/metrics/programs/**"] : []),
  ...(absent("promtool") ? ["test/ops/programs/**"] : []),
];

/** Tests against Redis, PostgreSQL, nginx, HAProxy, Apache and Prometheus, in Chromium, and by promtool. */
const systems = [
  "test/stores/{redis,postgres}/**/*.test.ts",
  "test/scenarios/balancers/**/*.test.ts",
  "test/lab/browser/**/*.test.ts",
  "test/cli/programs/**/*.test.ts",
  "test/metrics/programs/**/*.test.ts",
  "test/ops/programs/**/*.test.ts",
];

/** Tests with many processes of their own. */
const processes = ["test/scenarios/{processes,shutdown}/**/*.test.ts"];

/** Tests of the client, the agent and the gate by themselves, which change nothing that a process shares. */
const sockets = ["test/{upstream,agent,server}/**/*.test.ts"];

/** Tests of the repository itself: its pages, examples, benches, rules, and packages as they are published. */
const repository = ["test/repository/**/*.test.{ts,js}", "test/ops/*.test.ts"];

/** Workers for tests that wait for sockets and servers more than they compute: one more than the cores of CI. */
const waiting = 3;

/**
 * Projects are named by what their tests need: nothing, sockets, libraries of others, programs from Debian, many processes.
 *
 * They run one after the other, so that packing does not disturb tests that look at the clock.
 */
export default defineConfig({
  plugins: sources.length > 0 ? [lazySources] : [],
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    setupFiles: ["test/support/misuse-warnings.ts"],
    maxWorkers: 2,
    alias: sources,
    coverage: { include: ["packages/*/src/**/*.ts"] },
    server: { deps: { external: [/\/packages\/[^/]+\/dist\//] } },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts"],
          // They are of pure functions, and loading them anew for each file took longer than running them.
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "sockets",
          include: sockets,
          // Loading the packages and their clients anew for each file took a third of the time.
          isolate: false,
          maxWorkers: waiting,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          // Libraries that patch modules of Node, or keep state that other files of the process would see.
          name: "libraries",
          include: ["test/**/*.test.ts"],
          exclude: [...sockets, ...systems, ...processes, ...repository],
          maxWorkers: waiting,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: "systems",
          include: systems,
          exclude: passedOver,
          sequence: { groupOrder: 3 },
        },
      },
      {
        extends: true,
        test: {
          name: "repository",
          include: repository,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 4 },
        },
      },
      {
        extends: true,
        test: {
          name: "processes",
          include: processes,
          exclude: passedOver,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
});
