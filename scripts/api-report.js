// `npm run api`: writes the public surface of each package to etc/*.api.md, from the built declarations.
// `npm run api -- --check`, a part of `npm test`: fails if a committed report differs from the code, so that a change of
// what users import always shows in a diff.
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";

import { entriesOf, packageNames } from "./packages.js";
import { root } from "./run.js";

const isCheck = process.argv.includes("--check");
let failed = 0;

for (const { name, file, entry } of entries()) {
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: `${root}/packages/${name}`,
      mainEntryPointFilePath: `<projectFolder>/${entry}`,
      apiReport: {
        enabled: true,
        reportFileName: file,
        reportFolder: `${root}/etc`,
        reportTempFolder: `${root}/node_modules/.cache/api`,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            module: "nodenext",
            target: "es2023",
            lib: ["es2023"],
            types: ["node"],
            skipLibCheck: true,
          },
          files: [entry],
        },
      },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.None },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: `${root}/packages/${name}/package.json`,
  });
  const { succeeded, apiReportChanged } = Extractor.invoke(config, {
    localBuild: !isCheck,
    messageCallback: (message) => {
      // Its own notes about what it prints; the report says all that matters.
      if (message.logLevel !== ExtractorLogLevel.Error) message.handled = true;
    },
  });
  if (apiReportChanged)
    console.log(`${file} ${isCheck ? "is not what the code exports: npm run api" : "changed"}`);
  if (!succeeded || (isCheck && apiReportChanged)) failed += 1;
}

process.exitCode = failed === 0 ? 0 : 1;

/** Every entry of every package: its package, the name of its report, and its declarations as TypeScript wrote them. */
function* entries() {
  for (const name of packageNames) {
    for (const module of entriesOf(name)) {
      const suffix = module === "index" ? "" : `-${module.replaceAll("/", "-")}`;
      yield { name, file: `${name}${suffix}.api.md`, entry: `build/${module}.d.ts` };
    }
  }
}
