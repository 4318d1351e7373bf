import { Application, Converter } from "typedoc";

import { packageNames } from "../packages.js";
import { root } from "../run.js";
import { shape, sortExports } from "./shape.js";
import { PackageRouter, PackageTheme } from "./theme.js";

/** Packages in the order of their imports, so that a declaration is on the page of the package that it comes from. */
const inner = ["core", "upstream", "server", "agent"];
const names = [...inner, ...packageNames.filter((name) => !inner.includes(name))];

/**
 * Writes a page for each package that exports anything.
 *
 * @param {string} folder
 */
export async function writePages(folder) {
  const application = await Application.bootstrapWithPlugins(
    /** @type {object} */ ({
      plugin: ["typedoc-plugin-markdown"],
      tsconfig: `${root}/scripts/reference/tsconfig.json`,
      // What TypeScript has built: only declarations, so that reading them takes seconds.
      entryPoints: names.map((name) => `${root}/packages/${name}/build/index.d.ts`),
      outputs: [{ name: "markdown", path: folder }],
      name: "API",
      readme: "none",
      router: "package",
      theme: "package",
      sort: ["kind", "source-order"],
      kindSortOrder: ["Function", "Class", "Interface", "TypeAlias", "Variable"],
      groupOrder: ["Functions", "Classes", "Interfaces", "Type Aliases", "Variables"],
      disableGit: true,
      disableSources: true,
      excludeExternals: true,
      excludeInternal: true,
      excludePrivate: true,
      excludeProtected: true,
      excludeScopesInPaths: true,
      expandObjects: true,
      expandParameters: true,
      githubPages: false,
      hideBreadcrumbs: true,
      hidePageHeader: true,
      parametersFormat: "none",
      interfacePropertiesFormat: "table",
      classPropertiesFormat: "table",
      skipErrorChecking: true,
      tableColumnSettings: { hideInherited: true, hideModifiers: true, hideOverrides: true },
      useCodeBlocks: true,
      validation: false,
      logLevel: "Warn",
    }),
  );
  application.renderer.defineRouter("package", PackageRouter);
  application.renderer.defineTheme("package", PackageTheme);
  application.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => shape(project), 1000);
  application.converter.on(
    Converter.EVENT_RESOLVE_END,
    ({ project }) => sortExports(project),
    -1000,
  );
  const project = await application.convert();
  if (project === undefined) throw new Error("The declarations could not be read: build first");
  await application.generateOutputs(project);
}
