import type { CoreRule } from '../analysis/core.ts';
import type { TwinRule } from '../analysis/twin-rule.ts';
import type { RuleTwin } from '../syntax/rule-template.ts';
import type { Value } from '../value/index.ts';
import { LazyPlan } from './lazy-plan.ts';
import type { RulePlan } from './plan.ts';

/** The plan of a rule that is like another one. */
export class TwinPlan extends LazyPlan {
  readonly #rule: TwinRule;
  readonly #planRule: (rule: CoreRule) => RulePlan;

  constructor(rule: TwinRule, planRule: (rule: CoreRule) => RulePlan) {
    super(rule, planRule);
    this.#rule = rule;
    this.#planRule = planRule;
  }

  /** What makes it other than the rule that it is like. */
  get twin(): RuleTwin {
    return this.#rule.twin;
  }

  /** The plan of the rule that it is like, with these values in the places of the literals. */
  withLiterals(values: readonly Value[]): RulePlan {
    const { twinOf } = this.#rule;
    const { form, path, packagePath, packageLocation, isDefault, file, row, location } = twinOf;
    const own = { form, path, packagePath, packageLocation, isDefault, file, row, location };
    return this.#planRule({ ...own, ...this.#rule.withLiterals(values, (place) => place) });
  }
}

/** Whether it is the plan of a rule that is like another one. */
export function isTwinPlan(rule: RulePlan): rule is TwinPlan {
  return rule instanceof TwinPlan;
}
