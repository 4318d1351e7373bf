export { observeReissue, type ObserveOptions, type ReissueMetrics } from "./observe-reissue.ts";
export { OptionError } from "@reissue/core";
