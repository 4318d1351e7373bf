export type { LabOptions } from "./lab-options.ts";
export { runLab, type Lab } from "./run-lab.ts";
