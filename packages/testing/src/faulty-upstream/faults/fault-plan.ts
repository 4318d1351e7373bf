import { OptionError } from "@reissue/core";
import { checkFault, type Fault } from "./fault.ts";
import { numberOption, wordOption } from "../../option.ts";
import type { ReceivedRequest } from "../http/received-request.ts";
import { drawAt } from "../../clock/seeded-random.ts";

/** The requests that a fault rule applies to; all given conditions must hold. */
export interface FaultSelector {
  /** Only requests on a connection that has carried a request before, or has not. @defaultValue `"any"` */
  readonly on?: "reused" | "fresh" | "any" | undefined;
  /** The probability for each request that meets the conditions, 0 to 1, seeded. @defaultValue 1 */
  readonly probability?: number | undefined;
  /** The most requests that the fault is applied to. @defaultValue Infinity */
  readonly times?: number | undefined;
  /** Only these methods, in upper case. */
  readonly methods?: readonly string[] | undefined;
  /** Only requests for which this returns true; called when the head has arrived, without the body. */
  readonly match?: ((request: ReceivedRequest) => boolean) | undefined;
}

/** A fault and the requests that it applies to; of several rules the first that applies counts. */
export type FaultRule = Fault & FaultSelector;

const selectorNames: readonly string[] = ["on", "probability", "times", "methods", "match"];

/**
 * Checks fault rules.
 *
 * @throws OptionError with the option's path
 */
export function checkFaultRules(path: string, rules: readonly FaultRule[]): void {
  if (!Array.isArray(rules)) throw new OptionError(path, "must be an array");
  for (const [index, rule] of rules.entries()) {
    const at = `${path}[${index}]`;
    checkFault(at, rule, selectorNames);
    wordOption(`${at}.on`, rule.on, ["reused", "fresh", "any"], "any");
    numberOption(`${at}.probability`, rule.probability, {
      fallback: 1,
      min: 0,
      max: 1,
      fraction: true,
    });
    numberOption(`${at}.times`, rule.times, { fallback: Infinity, min: 0, max: Infinity });
    if (rule.methods !== undefined && !Array.isArray(rule.methods))
      throw new OptionError(`${at}.methods`, "must be an array");
    if (rule.match !== undefined && typeof rule.match !== "function")
      throw new OptionError(`${at}.match`, "must be a function");
  }
}

/** Chooses the fault of each request, in the order in which heads arrive. */
export class FaultPlan {
  readonly #seed: number;
  #rules: readonly FaultRule[] = [];
  #applied: number[] = [];
  #request = 0;
  #script: (Fault | null)[] = [];
  #scriptAt = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Replaces the rules; counts and random draws start again. */
  setRules(rules: readonly FaultRule[]): void {
    this.#rules = [...rules];
    this.#applied = rules.map(() => 0);
    this.#request = 0;
  }

  /** Adds a rule after the others, whose counts and draws go on. */
  addRule(rule: FaultRule): void {
    this.#rules = [...this.#rules, rule];
    this.#applied.push(0);
  }

  /** Replaces the script. */
  setScript(script: readonly (Fault | null)[]): void {
    this.#script = [...script];
    this.#scriptAt = 0;
  }

  /** The fault for the next request: the script's until its end, then the rules'. */
  next(request: ReceivedRequest): Fault | null {
    const index = this.#request;
    this.#request += 1;
    if (this.#scriptAt < this.#script.length) {
      this.#scriptAt += 1;
      return this.#script[this.#scriptAt - 1] ?? null;
    }
    for (let at = 0; at < this.#rules.length; at += 1) {
      const rule = this.#rules[at];
      if (rule === undefined || !this.#applies(rule, at, index, request)) continue;
      this.#applied[at] = (this.#applied[at] ?? 0) + 1;
      return rule;
    }
    return null;
  }

  #applies(rule: FaultRule, at: number, index: number, request: ReceivedRequest): boolean {
    if ((this.#applied[at] ?? 0) >= (rule.times ?? Infinity)) return false;
    if (rule.on === "reused" && request.nth === 1) return false;
    if (rule.on === "fresh" && request.nth > 1) return false;
    if (rule.methods !== undefined && !rule.methods.includes(request.method)) return false;
    if (drawAt(this.#seed, at, index) >= (rule.probability ?? 1)) return false;
    return rule.match === undefined || rule.match(request);
  }
}
