import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished } from "vitest";

import { root } from "./markdown.ts";

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
    for (const name of ["core", "express", "server", "store-postgres", "testing", "upstream"]) {
      await symlink(join(root, "packages", name), join(folder, "node_modules/@reissue", name));
    }
    for (const name of others) {
      await symlink(join(root, "node_modules", name), join(folder, "node_modules", name));
    }
    return new Project(folder);
  }

  /** Writes a module. @returns its path. */
  async write(code: string): Promise<string> {
    const file = join(this.#folder, `${crypto.randomUUID()}.mjs`);
    await writeFile(file, code);
    return file;
  }

  /** Runs code in a process of its own, which ends with the test. */
  async start(code: string): Promise<ChildProcess> {
    const file = await this.write(code);
    const child = spawn(process.execPath, [file], { stdio: ["ignore", "ignore", "inherit"] });
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
