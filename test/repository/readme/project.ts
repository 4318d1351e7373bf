import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { expect, onTestFinished } from "vitest";

import { packageNames, root } from "./markdown.ts";

/** How code is run: its language, and what Node is told besides. */
export interface RunOptions {
  readonly language?: string;
  readonly args?: readonly string[];
}

/** Runs TypeScript with the decorators of Nest, as the example does. */
const tsx = createRequire(join(root, "examples/nest-orders/package.json")).resolve("tsx");

/** A project that has installed the packages, and nothing else, so that code of a page runs there as it stands. */
export class Project {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param others - Packages of other people's that its code imports. */
  static async open(...others: readonly string[]): Promise<Project> {
    const folder = await mkdtemp(join(tmpdir(), "reissue-readme-"));
    await mkdir(join(folder, "node_modules/@reissue"), { recursive: true });
    for (const name of packageNames) {
      await symlink(join(root, "packages", name), join(folder, "node_modules/@reissue", name));
    }
    for (const name of others) {
      const link = join(folder, "node_modules", name);
      await mkdir(dirname(link), { recursive: true });
      await symlink(join(root, "node_modules", name), link);
    }
    const compilerOptions = { experimentalDecorators: true, emitDecoratorMetadata: true };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
    return new Project(folder);
  }

  /** Writes a module. @returns its path. */
  async write(code: string, extension = "mjs"): Promise<string> {
    const file = join(this.#folder, `${crypto.randomUUID()}.${extension}`);
    await writeFile(file, code);
    return file;
  }

  /** Runs code in a process of its own, which ends with the test. */
  async start(
    code: string,
    { language = "js", args = [] }: RunOptions = {},
  ): Promise<ChildProcess> {
    const isTypeScript = language === "ts";
    const file = await this.write(code, isTypeScript ? "mts" : "mjs");
    const all = [...(isTypeScript ? ["--import", tsx] : []), ...args, file];
    const child = spawn(process.execPath, all, {
      cwd: this.#folder,
      stdio: ["ignore", "ignore", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    return child;
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true });
  }
}

/** Asks until a service that has been started gives its first answer, whatever that is. */
export async function untilAnswered(url: string): Promise<Response> {
  let answer: Response | undefined;
  await expect
    .poll(() => fetch(url).then((given) => (answer = given)), { timeout: 20_000 })
    .toBeDefined();
  return answer!;
}
