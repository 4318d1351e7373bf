export {
  ReissueInstrumentation,
  type ReissueInstrumentationConfig,
} from "./reissue-instrumentation.ts";
