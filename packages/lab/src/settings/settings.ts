import {
  checkKeys,
  choiceOption,
  numberOption,
  optionDefaults,
  optionNames,
  readOptions,
  type OptionTable,
} from "@reissue/core/internal";
import { idleBounds, labMethods, probabilityBounds, type LabMethod } from "./bounds.ts";
import { faultNames, type FaultChoice } from "./fault-choice.ts";

/** Settings of a run, as a visitor chooses them. */
export interface LabSettings {
  /** Fault of the upstream. */
  readonly fault: FaultChoice;
  /** Share of the requests that meet the fault, 0 to 1. */
  readonly probability: number;
  /** Idle time after which the upstream closes a connection, in ms. */
  readonly idleMs: number;
  readonly method: LabMethod;
  /** Whether each call carries an Idempotency-Key, which the upstream honours. */
  readonly keyed: boolean;
}

const settingsTable: OptionTable<LabSettings> = {
  fault: choiceOption<FaultChoice>("reset", faultNames, "Fault of the upstream."),
  probability: numberOption(0.04, probabilityBounds, "Share of the requests that meet the fault."),
  idleMs: numberOption(100, idleBounds, "Idle time of a connection before the upstream closes it."),
  method: choiceOption<LabMethod>("POST", labMethods, "Method of the calls."),
  keyed: choiceOption(true, [true, false], "Whether calls carry an Idempotency-Key."),
};

/** Settings that the page starts with. */
export const defaultSettings: LabSettings = optionDefaults(settingsTable);

/**
 * Reads settings that came from outside.
 *
 * @throws OptionError with the path of the first wrong setting
 */
export function readSettings(value: unknown): LabSettings {
  checkKeys(value, "settings", optionNames(settingsTable));
  return readOptions(settingsTable, value as object, defaultSettings, "settings");
}
