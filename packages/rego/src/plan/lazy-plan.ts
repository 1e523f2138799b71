import type { CoreRule } from '../analysis/core.ts';
import { DeferredPlan } from './deferred-plan.ts';
import type { RulePlan } from './plan.ts';

/** The plan of a rule, made when something of it is asked for that the rule does not tell. */
export class LazyPlan extends DeferredPlan {
  readonly #rule: CoreRule;
  readonly #planRule: (rule: CoreRule) => RulePlan;

  constructor(rule: CoreRule, planRule: (rule: CoreRule) => RulePlan) {
    super();
    this.#rule = rule;
    this.#planRule = planRule;
  }

  /** The plan for whoever needs it once: nothing keeps it. */
  make(): RulePlan {
    return this.kept ?? this.made();
  }

  protected made(): RulePlan {
    return this.#planRule(this.#rule);
  }

  override get file() {
    return this.#rule.file;
  }
  override get row() {
    return this.#rule.row;
  }
  override get location() {
    return this.#rule.location;
  }
}
