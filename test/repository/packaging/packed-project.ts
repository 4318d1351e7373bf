import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";

/** The repository's root. */
export const root: string = join(import.meta.dirname, "../../..");

const { packageManager } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));

/** The package manager of the workspace, as arguments of npx. */
export const pnpm: readonly string[] = ["--yes", String(packageManager)];

/** Projects in temporary folders, whose packages come from tarballs of ours and from the registry. */
export class PackedProjects {
  readonly folder: string;
  /** Paths of the tarballs, by the names of their packages. */
  readonly tarballs: Readonly<Record<string, string>>;

  private constructor(folder: string, tarballs: Record<string, string>) {
    this.folder = folder;
    this.tarballs = tarballs;
  }

  /** Packs every package of the workspace. */
  static async pack(): Promise<PackedProjects> {
    const folder = await mkdtemp(join(tmpdir(), "reissue-packed-"));
    const pack = ["--recursive", "--filter", "./packages/*", "pack", "--pack-destination", folder];
    await run("npx", [...pnpm, ...pack], root);
    const files = (await readdir(folder)).filter((file) => file.endsWith(".tgz"));
    const tarballs = files.map((file) => {
      const [, own] = /^reissue(?:-(.*))?-\d+\.\d+\.\d+/.exec(file) ?? [];
      return [own === undefined ? "reissue" : `@reissue/${own}`, join(folder, file)] as const;
    });
    return new PackedProjects(folder, Object.fromEntries(tarballs));
  }

  /**
   * Creates a project, and installs it with npm.
   *
   * @param versions - Of packages of the registry, by their names.
   */
  async install(
    name: string,
    versions: Readonly<Record<string, string>>,
    manifest: object = {},
  ): Promise<string> {
    const project = join(this.folder, name);
    await mkdir(project, { recursive: true });
    const ours = Object.entries(this.tarballs).map(([own, path]) => [own, `file:${path}`]);
    const dependencies = { ...Object.fromEntries(ours), ...versions };
    await writeFile(
      join(project, "package.json"),
      JSON.stringify({ private: true, ...manifest, dependencies }),
    );
    const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"];
    await run("npm", ["install", ...quiet], project);
    return project;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

/** Runs a command under this Node and returns its output; throws with all of it when the command fails. */
export async function run(
  file: string,
  args: readonly string[],
  cwd: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  const path = [dirname(process.execPath), process.env["PATH"]].join(delimiter);
  try {
    // Without what vitest sets for its own workers.
    const { NODE_OPTIONS: _, VITEST: __, NODE_ENV: ___, ...inherited } = process.env;
    const env = { ...inherited, PATH: path, ...variables };
    const { stdout } = await promisify(execFile)(file, args, { cwd, env, maxBuffer: 16 << 20 });
    return stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${file} ${args.join(" ")} failed\n${stdout}${stderr}`, { cause: error });
  }
}
