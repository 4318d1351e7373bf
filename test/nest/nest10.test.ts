import { describe } from "vitest";

import { nestCases } from "./cases.ts";
import { lifecycleCases } from "./lifecycle-cases.ts";
import { routeCases } from "./route-cases.ts";
import { scopeCases } from "./scope-cases.ts";
import { loadNest } from "./versions.ts";

describe("NestJS 10", () => {
  const nest = loadNest(10);
  nestCases(nest);
  lifecycleCases(nest);
  routeCases(nest);
  scopeCases(nest);
});
