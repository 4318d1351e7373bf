// Has the packages and the tests load undici 8 in place of undici 7; other packages keep their own. vitest.config.ts
// preloads it into every process of a run with REISSUE_UNDICI=8.
import * as nodeModule from "node:module";

const seven = import.meta.resolve("undici");
const eight = import.meta.resolve("undici8");

/**
 * `module.registerHooks`, which the types of Node 20 lack.
 *
 * @typedef {(specifier: string, context: { parentURL?: string }) => { url: string }} Resolve
 * @typedef {(hooks: { resolve: (...given: [...Parameters<Resolve>, next: Resolve]) => { url: string } }) => void} Register
 * @type {{ readonly registerHooks: Register }}
 */
const hooks = /** @type {any} */ (nodeModule);

hooks.registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context);
    const isDependency = specifier === "undici" && context.parentURL?.includes("/node_modules/");
    return resolved.url === seven && !isDependency ? { ...resolved, url: eight } : resolved;
  },
});
