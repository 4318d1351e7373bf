import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { isFullRun } from "../../support/test-size.ts";
import { snippets } from "../readme/markdown.ts";
import { PackedProjects, pnpm, run } from "./packed-project.ts";

/** Compilers of users, by the names that the project installs them under. */
const compilers = {
  typescript59: "npm:typescript@5.9",
  ...(isFullRun && {
    typescript54: "npm:typescript@5.4",
    typescript6: "npm:typescript@6",
    typescript7: "npm:typescript@7",
  }),
};

/** Ways to resolve and write modules. */
const modules = [
  { module: "commonjs", moduleResolution: "node10", esModuleInterop: true },
  ...(isFullRun
    ? [
        { module: "commonjs", moduleResolution: "node10", esModuleInterop: false },
        { module: "node16", moduleResolution: "node16", esModuleInterop: true },
        { module: "nodenext", moduleResolution: "nodenext", esModuleInterop: true },
        { module: "esnext", moduleResolution: "bundler", esModuleInterop: true },
      ]
    : []),
];

const compilations = Object.keys(compilers).flatMap((compiler) =>
  modules
    // Removed in 7.
    .filter(({ moduleResolution }) => compiler !== "typescript7" || moduleResolution !== "node10")
    .map((options) => ({ compiler, ...options })),
);

const types = {
  // Koa's types mean Koa's own, and take the topmost: only this consumer has Express and Koa.
  "content-disposition": "^1",
  "@types/express": "^5",
  "@types/koa": "^3",
  "@types/node": "^20.19",
  express: "^5",
  fastify: "^5",
  koa: "^3",
};

const samples = await readFile(join(import.meta.dirname, "consumers/service.ts"), "utf8");
const suite = await readFile(join(import.meta.dirname, "consumers/service.test.cjs"), "utf8");

let projects: PackedProjects;
let project: string;

beforeAll(async () => {
  projects = await PackedProjects.pack();
  project = await projects.install("consumer", { ...types, ...compilers, jest: "^30" });
  await writeFile(join(project, "service.test.js"), suite);
});

afterAll(() => projects.remove());

describe("a CommonJS project", () => {
  test("requires every package without flags, and gets the same as an import", async () => {
    const names = Object.keys(projects.tarballs).filter((name) => name !== "@reissue/register");
    const script = `
      (async () => {
        for (const name of ${JSON.stringify(names)}) {
          const [required, imported] = [require(name), await import(name)];
          for (const key of Object.keys(required)) {
            if (required[key] !== imported[key]) console.log(name, key);
          }
        }
      })();`;
    // Node 20.19 and later can require ES modules; Jest cannot, nor can it here.
    const flag = "--no-experimental-require-module";
    const flags = process.allowedNodeEnvironmentFlags.has(flag) ? [flag] : [];
    expect(await run(process.execPath, [...flags, "-e", script], project)).toBe("");
  });

  test("preloads register by --require and by --import", async () => {
    const script = "console.log(require('node:http').Agent.toString().slice(0, 1))";
    for (const preload of ["--require", "--import"]) {
      const args = [preload, "@reissue/register", "-e", script];
      const told = await run(process.execPath, args, project, { REISSUE_QUIET: "1" });
      expect(told).toMatch(/^.\n$/);
    }
  });

  test("runs a service under Jest 30", async () => {
    await run(join(project, "node_modules/.bin/jest"), ["--silent"], project);
  });
});

describe.runIf(isFullRun)("a pnpm project with only the adapter installed", () => {
  test("compiles the service of the README, and names the errors, the client and the store", async () => {
    const folder = join(projects.folder, "pnpm");
    await mkdir(folder);
    const ours = Object.entries(projects.tarballs);
    const overrides = Object.fromEntries(ours.map(([name, path]) => [name, `file:${path}`]));
    const dependencies = {
      "@reissue/express": overrides["@reissue/express"],
      "@types/express": "^5",
      "@types/node": "^20.19",
      express: "^5",
      typescript: "~5.9.0",
    };
    const manifest = { private: true, type: "module", dependencies, pnpm: { overrides } };
    await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
    const quiet = ["--ignore-scripts", "--prefer-offline", "--ignore-workspace"];
    await run("npx", [...pnpm, "install", ...quiet], folder);

    const [readme = ""] = snippets("README.md");
    const listens = "app.listen(8080)";
    expect(readme).toContain(listens);
    const service = readme.replace(listens, "const server = app.listen(0, () => server.close())");
    const names = `
      import { createUpstream, isReissueError, memoryStore, UpstreamError } from "@reissue/express";
      import type { BoundUpstream, IdempotencyOptions, Upstream } from "@reissue/express";
      export const client: Upstream = createUpstream();
      export const bound: BoundUpstream = client;
      export const idempotency: IdempotencyOptions = { store: memoryStore(), scope: () => "all" };
      export const isKnown = (error: unknown): boolean =>
        error instanceof UpstreamError || isReissueError(error);`;
    await writeFile(join(folder, "service.ts"), service + names);
    const args = ["--module", "nodenext", "--target", "es2022", "--strict", "service.ts"];
    await run(join(folder, "node_modules/.bin/tsc"), args, folder);
    await run(process.execPath, ["service.js"], folder);
  });
});

describe.each(compilations)(
  "$compiler with module $module and moduleResolution $moduleResolution",
  ({ compiler, ...options }) => {
    test("compiles and runs a service, with skipLibCheck off", async () => {
      const name = [compiler, ...Object.values(options)].join("-");
      const folder = join(project, name);
      await mkdir(folder);
      const isOld = options.moduleResolution === "node10" && compiler === "typescript6";
      const compilerOptions = {
        ...options,
        ...(isOld && { ignoreDeprecations: "6.0" }),
        target: "es2022",
        types: ["node"],
        strict: true,
        skipLibCheck: false,
        rootDir: ".",
        outDir: "out",
      };
      await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
      await writeFile(join(folder, "service.ts"), sampleFor(options));
      await run(
        process.execPath,
        [join(project, `node_modules/${compiler}/bin/tsc`), "-p", folder],
        project,
      );
      if (options.module === "esnext") return;
      expect(await run(process.execPath, [join(folder, "out/service.js")], project)).toBe("200\n");
    });
  },
);

describe.runIf(isFullRun)("a test runner", () => {
  test.each(["29", "30"])(
    "runs a service with Jest %s and ts-jest, as CommonJS and as ES modules",
    async (major) => {
      const folder = await projects.install(`jest-${major}`, {
        ...types,
        "@types/jest": `^${major}`,
        jest: `^${major}`,
        "ts-jest": "^29",
        typescript: "~5.9.0",
      });
      await writeFile(join(folder, "plain.test.js"), suite);
      const compilerOptions = { esModuleInterop: true, types: ["node", "jest"], strict: false };
      await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
      const jest = join(folder, "node_modules/jest/bin/jest.js");
      await run(process.execPath, [jest, "plain.test.js"], folder);

      const header = 'import { expect, test } from "@jest/globals";\n';
      await writeFile(join(folder, "esm.test.mjs"), header + asEsModule(suite));
      const esm = ["--testMatch=**/esm.test.mjs", "--transform={}"];
      await run(process.execPath, ["--experimental-vm-modules", jest, ...esm], folder);

      await writeFile(join(folder, "typed.test.ts"), asEsModule(suite));
      const tsJest = ["--preset=ts-jest", "--testMatch=**/typed.test.ts"];
      await run(process.execPath, [jest, ...tsJest], folder);
    },
  );

  test("runs a service with vitest", async () => {
    const folder = await projects.install("vitest", { ...types, vitest: "^4" });
    const header = 'import { expect, test } from "vitest";\n';
    await writeFile(join(folder, "esm.test.mjs"), header + asEsModule(suite));
    await run(join(folder, "node_modules/.bin/vitest"), ["run"], folder);
  });
});

/** The service as it is written for a way to resolve and write modules. */
function sampleFor({ module, esModuleInterop }: (typeof modules)[number]): string {
  if (module === "esnext")
    return samples.replace(/import (\w+) = require\((.*)\);/, "import $1 from $2;");
  // Fastify's own types, by way of pino, need the option.
  if (esModuleInterop) return samples;
  return samples.replace(/^import .* from "@reissue\/fastify";$/m, "const fastifyPlugin = null;");
}

/** Writes a CommonJS module's requires as imports. */
function asEsModule(code: string): string {
  return code
    .replaceAll(/const (\{[^}]*\}) = require\(("[^"]+")\);/g, "import $1 from $2;")
    .replaceAll(/const (\w+) = require\(("[^"]+")\);/g, "import $1 from $2;");
}
