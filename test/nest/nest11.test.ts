import { deduplicationConformance } from "@reissue/testing";
import { describe } from "vitest";

import { nestCases } from "./cases.ts";
import { loadNest } from "./versions.ts";

describe("NestJS 11", () => {
  nestCases(loadNest(11), deduplicationConformance);
});
