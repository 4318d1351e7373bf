import { createRequire, Module } from "node:module";
import { join, sep } from "node:path";

import type * as Common from "@nestjs/common";
import type * as Core from "@nestjs/core";
import type * as Reissue from "@reissue/nest";

/** A major version of NestJS, with our package on top of it. */
export interface NestVersion {
  readonly common: typeof Common;
  readonly core: typeof Core;
  readonly reissue: typeof Reissue;
  /** The adapter of a platform, such as `fastify`. */
  adapter(platform: Platform): Common.HttpServer;
}

/** A platform of NestJS. */
export type Platform = "express" | "fastify";

const root = join(import.meta.dirname, "../..");
const homes = { 10: join(import.meta.dirname, "nest10"), 11: root };

/** Loads a version, one in a process: our package finds NestJS 11, unless it is told of another. */
export function loadNest(major: 10 | 11): NestVersion {
  const load = createRequire(join(homes[major], "package.json"));
  if (major !== 11) findNestWith(load);
  load("reflect-metadata");
  return {
    common: load("@nestjs/common"),
    core: load("@nestjs/core"),
    reissue: createRequire(import.meta.url)("@reissue/nest"),
    adapter(platform) {
      const { [`${platform === "express" ? "Express" : "Fastify"}Adapter`]: Adapter } = load(
        `@nestjs/platform-${platform}`,
      );
      return new Adapter();
    },
  };
}

/** Node's resolution of CommonJS, which has no public hook on Node 20. */
interface Resolver {
  _resolveFilename(request: string, parent: { readonly filename: string | null }): string;
}

/** Has our package find NestJS, and what it shares with it, where another module does. */
function findNestWith(load: NodeJS.Require): void {
  const resolver = Module as unknown as Resolver;
  const resolve = resolver._resolveFilename;
  const own = join(root, "packages/nest/dist") + sep;
  resolver._resolveFilename = function (request, parent, ...rest: []) {
    const isShared = /^(@nestjs\/|rxjs|reflect-metadata)/.test(request);
    if (isShared && parent.filename?.startsWith(own)) return load.resolve(request);
    return resolve.call(this, request, parent, ...rest);
  };
}
