import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");

/** File, import, and whether the linter lets it pass. */
const cases: [file: string, statement: string, allowed: boolean][] = [
  ["packages/core/src/a.ts", `import createError from "http-errors";`, true],
  ["packages/core/src/b.ts", `import { createHash } from "node:crypto";`, true],
  ["packages/core/src/c.ts", `import { readFile } from "node:fs/promises";`, true],
  ["packages/core/src/retry/d.ts", `import { systemClock } from "../../clock.ts";`, true],
  ["packages/core/src/e.ts", `import { Client } from "undici";`, false],
  ["packages/core/src/f.ts", `import { createUpstream } from "@reissue/upstream";`, false],
  ["packages/core/src/g.ts", `export { Client } from "undici";`, false],
  ["packages/core/src/h.ts", `const loading = import("express");`, false],
  ["packages/core/src/i.ts", `import { readFile } from "fs/promises";`, false],
  ["packages/core/src/j.test.ts", `import { Client } from "undici";`, true],
  ["packages/upstream/src/a.ts", `import { Client } from "undici";`, true],
  ["packages/upstream/src/b.ts", `import { decide } from "@reissue/core";`, true],
  ["packages/upstream/src/b.ts", `import { checkKeys } from "@reissue/core/internal";`, true],
  ["packages/upstream/src/c.ts", `import { Fault } from "@reissue/testing";`, false],
  ["packages/upstream/src/d.ts", `import createError from "http-errors";`, false],
  ["packages/server/src/a.ts", `import { decide } from "@reissue/core";`, true],
  ["packages/server/src/b.ts", `import { createUpstream } from "@reissue/upstream";`, false],
  ["packages/express/src/a.ts", `import { createUpstream } from "@reissue/upstream";`, true],
  ["packages/express/src/b.ts", `import { gate } from "@reissue/server";`, true],
  ["packages/express/src/b.ts", `import { respond } from "@reissue/server/internal";`, true],
  ["packages/express/src/c.ts", `import type { Request } from "express";`, true],
  ["packages/express/src/d.ts", `import express from "express";`, false],
  ["packages/express/src/e.ts", `import { reissue } from "@reissue/koa";`, false],
  ["packages/koa/src/a.ts", `import { reissue } from "@reissue/express";`, false],
  ["packages/fastify/src/a.ts", `import fp from "fastify-plugin";`, true],
  ["packages/fastify/src/b.ts", `import fastify from "fastify";`, false],
  ["packages/nest/src/a.ts", `import { HttpException } from "@nestjs/common";`, true],
  ["packages/nest/src/b.ts", `import type { Request } from "express";`, false],
  ["packages/nest/src/c.ts", `import { FastifyAdapter } from "@nestjs/platform-fastify";`, false],
  ["packages/agent/src/a.ts", `import { decide } from "@reissue/core";`, true],
  ["packages/agent/src/b.ts", `import { createUpstream } from "@reissue/upstream";`, false],
  ["packages/store-redis/src/a.ts", `import { createClient } from "redis";`, false],
  ["packages/store-postgres/src/a.ts", `import type { Pool } from "pg";`, true],
  ["packages/opentelemetry/src/a.ts", `import { metrics } from "@opentelemetry/api";`, true],
  ["packages/cli/src/a.ts", `import { runLab } from "@reissue/lab";`, true],
  ["packages/cli/src/b.ts", `import { reissue } from "@reissue/fastify";`, false],
  ["packages/lab/src/a.ts", `import { faultyUpstream } from "@reissue/testing";`, true],
  ["packages/lab/src/b.ts", `import { reissue } from "@reissue/express";`, false],
  ["packages/cli/src/c.ts", `import page from "../../../docs/errors.md?raw";`, true],
  ["packages/testing/src/a.ts", `import { createServer } from "node:net";`, true],
  ["packages/testing/src/b.ts", `import type { Clock } from "@reissue/core";`, true],
  ["packages/testing/src/c.ts", `import { createUpstream } from "@reissue/upstream";`, false],
  ["test/a.test.ts", `import { reissue } from "@reissue/express";`, true],
];

let folder: string;
let reported: Set<string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reissue-import-rules-"));
  await copyFile(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  for (const [file, statement] of cases) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), `${statement}\n`);
  }
  reported = await lint(folder);
});

afterAll(() => rm(folder, { recursive: true }));

test.each(cases)(
  "the linter treats in %s the statement %s as allowed: %s",
  (file, _statement, allowed) => {
    expect(reported.has(file)).toBe(!allowed);
  },
);

test("every package has its rule", async () => {
  const config = await readFile(join(root, ".oxlintrc.json"), "utf8");
  for (const name of await readdir(join(root, "packages"))) {
    expect(config).toContain(`"files": ["packages/${name}/src/**/*.ts"]`);
  }
});

/** The files in which the linter reports an import that is not allowed. */
async function lint(cwd: string): Promise<Set<string>> {
  const stdout = await new Promise<string>((resolve) => {
    const oxlint = join(root, "node_modules/.bin/oxlint");
    execFile(oxlint, ["--format=json"], { cwd, maxBuffer: 16 << 20 }, (_error, output) =>
      resolve(output),
    );
  });
  const { diagnostics }: { diagnostics: { code: string; filename: string }[] } = JSON.parse(stdout);
  const restricted = diagnostics.filter(({ code }) => code.includes("no-restricted-imports"));
  return new Set(restricted.map(({ filename }) => filename.replaceAll("\\", "/")));
}
