import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { PackedProjects, root, run } from "./packed-project.ts";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports?: Record<string, unknown>;
  readonly bin?: Record<string, string>;
  readonly sideEffects?: boolean;
  readonly [field: string]: unknown;
}

const tools = join(root, "node_modules/.bin");
const workspace = await readManifest(root);
const folders = await readdir(join(root, "packages"));
const packages = await Promise.all(
  folders.map((name) => readManifest(join(root, "packages", name))),
);

/** What a consumer can import, such as `@reissue/core` or `@reissue/core/sub`. */
const entries = packages.flatMap(({ name, exports = {} }) =>
  Object.keys(exports)
    .filter((path) => path !== "./package.json")
    .map((path) => name + path.slice(1)),
);

let projects: PackedProjects;
let consumer: string;

beforeAll(async () => {
  projects = await PackedProjects.pack();
  // Koa's types mean Koa's own, and take whichever is on top: nobody has both frameworks but this consumer.
  const versions = { "content-disposition": "^1" };
  consumer = await projects.install("consumer", versions, { type: "module" });
});

afterAll(() => projects.remove());

describe.each(packages)("$name", (manifest) => {
  test("satisfies all rules of publint", async () => {
    await run(join(tools, "publint"), ["run", tarball(manifest), "--strict"], root);
  });

  test("has types that are found and are right", async () => {
    await run(join(tools, "attw"), [tarball(manifest)], root);
  });

  test("holds what is needed to use it, and neither tests nor build state", async () => {
    const listing = await run("tar", ["-tzf", tarball(manifest)], root);
    const files = listing.trim().split("\n");
    expect(files).toEqual(expect.arrayContaining(["package/LICENSE", "package/README.md"]));
    const entry = ["index.js", "index.d.ts", "index.cjs", "index.d.cts"];
    expect(files).toEqual(expect.arrayContaining(entry.map((file) => `package/dist/${file}`)));
    const others =
      /^package\/(dist\/[\w-]+\.(c?js|d\.c?ts)|page\/[\w-]+\.(html|css|svg)|LICENSE|README\.md|CHANGELOG\.md|package\.json)$/;
    expect(files.filter((file) => !others.test(file))).toEqual([]);
  });

  test("needs no file that it does not publish", async () => {
    const texts = await run("tar", ["-xzOf", tarball(manifest), "package/dist"], root);
    expect(texts).not.toMatch(/sourceMappingURL|["'](\.\.?\/)*(src|build)\//);
  });

  test("depends on published versions", async () => {
    const installed = await readManifest(join(consumer, "node_modules", manifest.name));
    expect(JSON.stringify(installed)).not.toContain("workspace:");
  });

  test("says what the registry shows", () => {
    expect(manifest).toMatchObject({
      version: packages[0]?.version,
      description: expect.stringMatching(/\.$/),
      keywords: expect.arrayContaining([expect.any(String)]),
      license: "MIT",
      author: "The Reissue authors",
      type: "module",
      engines: workspace["engines"],
      publishConfig: { access: "public" },
      bugs: { url: expect.stringMatching(/^https:/) },
    });
    const folder = `packages/${folders[packages.indexOf(manifest)]}`;
    const repository = { type: "git", url: expect.stringMatching(/^git\+https:.*\.git$/) };
    expect(manifest["repository"]).toEqual({ ...repository, directory: folder });
    expect(manifest["homepage"]).toContain(`${folder}#readme`);
    expect(manifest).not.toHaveProperty("funding");
  });
});

test.each(entries)("%s gives the same exports to import and require", async (entry) => {
  const script = `
    import { createRequire } from "node:module";
    const imported = await import("${entry}");
    const required = createRequire(import.meta.url)("${entry}");
    process.stdout.write(JSON.stringify([Object.keys(imported), Object.keys(required)]));`;
  const output = await run(process.execPath, ["--input-type=module", "-e", script], consumer);
  const [imported, required] = JSON.parse(output);
  // A package that is imported for what it does exports nothing.
  const isPreload = packages.some(
    ({ name, sideEffects }) => name === entry && sideEffects === true,
  );
  expect(imported.length > 0).toBe(!isPreload);
  expect(required.toSorted()).toEqual(imported.toSorted());
});

test.each(packages.flatMap(({ bin = {} }) => Object.keys(bin)))("%s --help runs", async (name) => {
  await run(join(consumer, "node_modules/.bin", name), ["--help"], consumer);
});

test("a strict consumer type-checks without skipLibCheck", async () => {
  // The only types that a consumer brings are Node's own, and those of Koa, which has none itself.
  for (const name of ["node", "koa"]) {
    const types = join(consumer, "node_modules/@types", name);
    await mkdir(dirname(types), { recursive: true });
    await rm(types, { recursive: true, force: true });
    await symlink(join(root, "node_modules/@types", name), types);
  }
  const compilerOptions = {
    module: "nodenext",
    target: "es2023",
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  };
  await writeFile(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  const everything = entries.map((entry, index) => `import * as entry${index} from "${entry}";`);
  const list = `export default [${entries.map((_, index) => `entry${index}`).join(", ")}];`;
  await writeFile(join(consumer, "everything.ts"), [...everything, list].join("\n"));
  await writeFile(join(consumer, "usage.ts"), usage);
  await writeFile(join(consumer, "common.cts"), commonJs);
  await run(join(tools, "tsc"), ["-p", consumer], consumer);
});

/** Lines as users write them. */
const usage = `
import { isReissueError } from "@reissue/core";
import { faultyUpstream } from "@reissue/testing";
import { createUpstream, UpstreamError, type UpstreamOptions } from "@reissue/upstream";

const orders = await faultyUpstream({ faults: [{ fault: "reset", on: "reused", times: 1 }] });
const options: UpstreamOptions = { origins: { [orders.origin]: { connections: 64 } } };
const upstream = createUpstream(options);
try {
  const response = await upstream(orders.origin, { method: "POST", retry: { retryOn: ["reset"] } });
  const status: number = response.status;
  const { statusCode, body } = await upstream.request(orders.origin);
  console.log(status, statusCode, await body.text());
} catch (error) {
  if (error instanceof UpstreamError) console.error(error.delivery, error.reason, error.attempts);
  else if (isReissueError(error)) console.error(error.code);
}
await upstream.close();
await orders.close();
`;

const commonJs = `
import core = require("@reissue/core");

export const safe: boolean = core.isIdempotentMethod("GET");
`;

function tarball({ name }: Manifest): string {
  return projects.tarballs[name]!;
}

async function readManifest(path: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(path, "package.json"), "utf8"));
}
