import { randomUUID } from "node:crypto";

import type { ClaimRequest } from "@reissue/core";
import { fingerprint, recordId } from "@reissue/core/internal";

/** A claim of a key, as the engine makes it. */
export function request(key: string, settings: Partial<ClaimRequest> = {}): ClaimRequest {
  return {
    id: recordId("tests", key),
    owner: randomUUID(),
    fingerprint: fingerprint({ method: "POST", path: "/", contentType: "", body: Buffer.from("") }),
    leaseMs: 30_000,
    retentionMs: 3_600_000,
    takeOver: true,
    ...settings,
  };
}
