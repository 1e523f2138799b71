import type { CoreRule } from '../analysis/core.ts';
import type { RulePlan } from './plan.ts';

/** The plan of a rule, made when something of it is asked for. */
export class LazyPlan implements RulePlan {
  readonly #rule: CoreRule;
  readonly #planRule: (rule: CoreRule) => RulePlan;
  #made: RulePlan | undefined;

  constructor(rule: CoreRule, planRule: (rule: CoreRule) => RulePlan) {
    this.#rule = rule;
    this.#planRule = planRule;
  }

  /** The plan for whoever needs it once: nothing keeps it. */
  make(): RulePlan {
    return this.#made ?? this.#planRule(this.#rule);
  }

  get #plan(): RulePlan {
    this.#made ??= this.#planRule(this.#rule);
    return this.#made;
  }

  get path() {
    return this.#plan.path;
  }
  get file() {
    return this.#rule.file;
  }
  get row() {
    return this.#rule.row;
  }
  get location() {
    return this.#rule.location;
  }
  get slots() {
    return this.#plan.slots;
  }
  get args() {
    return this.#plan.args;
  }
  get branches() {
    return this.#plan.branches;
  }
  get collects() {
    return this.#plan.collects;
  }
  get keyed() {
    return this.#plan.keyed;
  }
}
