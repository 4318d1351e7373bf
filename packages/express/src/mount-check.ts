import type { MisuseWarnings } from "@reissue/core/internal";
import type { IncomingMessage } from "node:http";

import { asyncHandlerOf } from "./async-handlers.ts";
import { hasTranslator, mountProblems, type GateFunctions } from "./mounts.ts";

const texts = {
  errorsBeforeRoutes:
    "gate.errors() is mounted before the routes, where it gets none of their errors. Mount it after them.",
  gateAfterRoutes:
    "The gate is mounted after all routes, which do not come through it. Mount it before them: `app.use(gate)`.",
};

/**
 * Reports the misplaced functions of a gate in the app of its first request.
 *
 * @returns whether the app has the error translator of any gate.
 */
export function checkMounts(
  req: IncomingMessage,
  functions: GateFunctions,
  warnings: MisuseWarnings,
): boolean {
  const { app } = req as { readonly app?: unknown };
  for (const problem of mountProblems(app, functions)) warnings.report(problem, texts[problem]);
  const place = asyncHandlerOf(app);
  if (place !== null) {
    const problem = `Express 4 ignores the rejection of the async handler of ${place}, and of others like it: an upstream's failure ends the process. Wrap them: \`gate.handler(async (req, res) => …)\`.`;
    warnings.report("asyncHandler", problem);
  }
  return hasTranslator(app, functions);
}

/** Reports that a request calls an upstream, and the gate has no errors(). */
export function reportMissingErrors(warnings: MisuseWarnings): void {
  const problem =
    "req.upstream was used, and gate.errors() never called: upstream failures of this app become plain 500s. Mount it after the routes: `app.use(gate.errors())`.";
  warnings.report("errorsNotMounted", problem);
}
