export {
  ReissueInstrumentation,
  type ReissueInstrumentationConfig,
} from "./reissue-instrumentation.ts";
export { OptionError } from "@reissue/core";
