/**
 * Writes, beside each CommonJS entry, an ES module and its declarations that pass on what the entry exports.
 *
 * @param {readonly string[]} entries
 * @returns {import("rollup").Plugin}
 */
export function facades(entries) {
  return {
    name: "facades",
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== "chunk" || !chunk.isEntry || !entries.includes(chunk.name)) continue;
        const { name, exports } = chunk;
        const from = `"./${name}.cjs";\n`;
        const isEmpty = exports.length === 0;
        const source = isEmpty ? `import ${from}` : `export { ${exports.join(", ")} } from ${from}`;
        const types = isEmpty ? "export {};\n" : `export * from ${from}`;
        this.emitFile({ type: "asset", fileName: `${name}.js`, source });
        this.emitFile({ type: "asset", fileName: `${name}.d.ts`, source: types });
      }
    },
  };
}
