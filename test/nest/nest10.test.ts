import { describe } from "vitest";

import { nestCases } from "./cases.ts";
import { loadNest } from "./versions.ts";

describe("NestJS 10", () => {
  nestCases(loadNest(10));
});
