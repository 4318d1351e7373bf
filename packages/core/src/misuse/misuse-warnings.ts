import { misuseCodes, type MisuseCheck } from "./misuse-check.ts";

const page = "https://github.com/reissue/reissue/blob/main/docs/troubleshooting.md";

/** Warnings of one gate or client about its misuse, each emitted once. */
export class MisuseWarnings {
  readonly #checks: readonly MisuseCheck[];
  readonly #told: string[] = [];

  /** @param checks - Checks that are on; all others never warn. */
  constructor(checks: readonly MisuseCheck[]) {
    this.#checks = checks;
  }

  /** Whether a check is on. */
  has(check: MisuseCheck): boolean {
    return this.#checks.includes(check);
  }

  /**
   * Emits a process warning of the type `ReissueWarning`, unless its check is off or has warned before.
   *
   * @param problem - What is wrong and what to do about it, in whole sentences.
   * @param subject - What the check is about, where it warns once for each: an origin, an option.
   */
  report(check: MisuseCheck, problem: string, subject = ""): void {
    if (!this.has(check)) return;
    const key = `${check} ${subject}`;
    if (this.#told.includes(key)) return;
    this.#told.push(key);
    const code = misuseCodes[check];
    process.emitWarning(`${problem} See ${page}#${code.toLowerCase()}`, {
      type: "ReissueWarning",
      code,
    });
  }
}
