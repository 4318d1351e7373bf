export type { ErrorTranslator, Next } from "./error-translator.ts";
export { reissue, type Gate, type ReissueOptions } from "./gate.ts";
