/** Effects of a full memory store. */
const effects = {
  forgets: "it forgets the oldest responses before their time",
  refuses: "new keys are refused with 503",
} as const;

/** Warns once of each effect of a full store: its service should use another one. */
export class FullWarnings {
  readonly #limits: string;
  readonly #given: (keyof typeof effects)[] = [];

  /** @param limits - Limits of the store, for the message. */
  constructor(limits: string) {
    this.#limits = limits;
  }

  give(effect: keyof typeof effects): void {
    if (this.#given.includes(effect)) return;
    this.#given.push(effect);
    const problem = `memoryStore() is full (${this.#limits}): ${effects[effect]}`;
    process.emitWarning(`${problem}; use Redis or PostgreSQL, or raise the limits`, {
      code: "REISSUE_MEMORY_STORE",
    });
  }
}
