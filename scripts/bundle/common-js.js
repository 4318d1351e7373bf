import { isBuiltin } from "node:module";

/** @typedef {import("rollup").Plugin} Plugin */
/** @typedef {import("estree").ImportDeclaration} ImportDeclaration */
/** @typedef {import("estree").ExportNamedDeclaration} ExportNamedDeclaration */

/** A module's URL in CommonJS. */
const ownUrl = 'require("node:url").pathToFileURL(__filename).href';

/**
 * Writes the ES modules that rollup makes as CommonJS.
 *
 * Rollup's own CommonJS reads an import as a property of the other module's exports at each use, through a dictionary
 * once a package exports more than a hundred names. Here each import is a constant of the module, as in ES modules.
 *
 * @returns {Plugin}
 */
export function commonJs() {
  return {
    name: "common-js",
    // A plain `require` is what Jest, bundlers and instrumentations know.
    transform: (code) => code.replaceAll("createRequire(import.meta.url)(", "require("),
    resolveImportMeta: (property) => (property === "url" ? ownUrl : "__filename"),
    renderChunk(code) {
      const [shebang = ""] = /^#!.*\n/.exec(code) ?? [];
      let body = code;
      for (const node of this.parse(code).body.toReversed()) {
        const { start, end } = /** @type {{ start: number, end: number }} */ (
          /** @type {unknown} */ (node)
        );
        const written = statement(node);
        if (written !== null) body = body.slice(0, start) + written + body.slice(end);
      }
      return {
        code: `${shebang}"use strict";\nObject.defineProperty(exports, "__esModule", { value: true });\n${body.slice(shebang.length)}`,
        map: null,
      };
    },
  };
}

/**
 * @param {import("estree").Program["body"][number]} node
 * @returns {string | null} What takes the statement's place; null to leave it.
 */
function statement(node) {
  if (node.type === "ImportDeclaration") return importStatement(node);
  if (node.type === "ExportNamedDeclaration") return exportStatement(node);
  if (node.type.startsWith("Export")) throw new Error(`${node.type} has no form in CommonJS here`);
  return null;
}

/** @param {ImportDeclaration} node */
function importStatement({ source, specifiers }) {
  const required = `require(${JSON.stringify(source.value)})`;
  if (specifiers.length === 0) return isBuiltin(String(source.value)) ? "" : `${required};`;
  /** @type {string[]} */
  const wholes = [];
  /** @type {string[]} */
  const names = [];
  for (const specifier of specifiers) {
    const local = specifier.local.name;
    if (specifier.type === "ImportSpecifier") names.push(pair(nameOf(specifier.imported), local));
    // As Node has it: the default export of a CommonJS module is all of its exports.
    else wholes.push(`const ${local} = ${required};`);
  }
  if (names.length > 0) wholes.push(`const { ${names.join(", ")} } = ${required};`);
  return wholes.join("\n");
}

/** @param {ExportNamedDeclaration} node */
function exportStatement({ source, specifiers, declaration }) {
  if (declaration != null) throw new Error("rollup exports names, not declarations");
  const from = source == null ? "" : "from.";
  const lines = specifiers.map(
    ({ exported, local }) => `exports.${nameOf(exported)} = ${from}${nameOf(local)};`,
  );
  if (source == null) return lines.join("\n");
  return ["{", `const from = require(${JSON.stringify(source.value)});`, ...lines, "}"].join("\n");
}

/**
 * @param {string} name
 * @param {string} local
 */
function pair(name, local) {
  return name === local ? name : `${name}: ${local}`;
}

/** @param {import("estree").Identifier | import("estree").Literal} node */
function nameOf(node) {
  return node.type === "Identifier" ? node.name : String(node.value);
}
