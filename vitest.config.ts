import { defineConfig } from "vitest/config";

import { absent } from "./test/absent.ts";

/** Coverage is counted on the sources; otherwise packages are loaded as they are published, by Node: build first. */
const sources = process.argv.includes("--coverage")
  ? [
      {
        find: /^@reissue\/([^/]+)$/,
        replacement: `${import.meta.dirname}/packages/$1/src/index.ts`,
      },
    ]
  : [];

/** `npm test` says what is missing, and that these are passed over. */
const passedOver = [
  ...(absent("postgres") ? ["test/stores/postgres*"] : []),
  ...(absent("redis-server") ? ["test/stores/redis*"] : []),
  ...(absent("postgres") || absent("redis-server") ? ["test/deduplication/**"] : []),
];

/** Tests that take all of the machine, with many processes of their own. */
const alone = ["test/deduplication/**/*.test.ts", "test/shutdown/**/*.test.ts"];

/** The groups run one after the other, so that packing does not disturb tests that look at the clock. */
export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
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
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "sockets",
          include: ["test/**/*.test.ts"],
          exclude: ["test/packaging/**", ...alone, ...passedOver],
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "processes",
          include: alone,
          exclude: passedOver,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
      {
        extends: true,
        test: {
          name: "packaging",
          include: ["test/packaging/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
