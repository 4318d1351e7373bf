import type { OptionSpec } from "../common/option-table.ts";
import { checkKeys, checkOneOf } from "../common/option.ts";
import { misuseChecks, type MisuseCheck, type ValidateOption } from "./misuse-check.ts";

/** The option `validate`, resolved to the checks that are on. A gate and its client take the same value. */
export const validateOption: OptionSpec<readonly MisuseCheck[]> = {
  default: misuseChecks,
  check: checksThatAreOn,
  doc: "whether misuse is told, once for each check, by a [process warning](troubleshooting.md); `{ errorsNotMounted: false }` switches one check off",
  defaultDoc: "true",
};

function checksThatAreOn(value: unknown, path: string): readonly MisuseCheck[] {
  if (typeof value === "boolean") return value ? misuseChecks : [];
  checkKeys(value, path, misuseChecks);
  const given = value as Exclude<ValidateOption, boolean>;
  for (const [name, isOn] of Object.entries(given)) {
    if (isOn !== undefined) checkOneOf(isOn, [true, false], `${path}.${name}`);
  }
  return misuseChecks.filter((check) => given[check] !== false);
}
