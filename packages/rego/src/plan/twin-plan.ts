import type { CoreRule } from '../analysis/core.ts';
import type { TwinRule } from '../analysis/twin-rule.ts';
import type { RuleTwin } from '../syntax/rule-template.ts';
import type { Value } from '../value/index.ts';
import type { RulePlan } from './plan.ts';

/** The plan of a rule that is like another one: made when something of it is asked for. */
export class TwinPlan implements RulePlan {
  readonly #rule: TwinRule;
  readonly #planRule: (rule: CoreRule) => RulePlan;
  #made: RulePlan | undefined;

  constructor(rule: TwinRule, planRule: (rule: CoreRule) => RulePlan) {
    this.#rule = rule;
    this.#planRule = planRule;
  }

  /** What makes it other than the rule that it is like. */
  get twin(): RuleTwin {
    return this.#rule.twin;
  }

  /** Whether it may give another value than the rule that it is like. */
  get hasOwnValue(): boolean {
    const { key, branches } = this.#rule.twinOf;
    const term = key ?? branches[0]!.value;
    return term !== undefined && this.#rule.hasLiteralIn(term);
  }

  /** The plan of the rule that it is like, with these values in the places of the literals. */
  withLiterals(values: readonly Value[]): RulePlan {
    const { twinOf } = this.#rule;
    const { form, path, packagePath, packageLocation, isDefault, file, row, location } = twinOf;
    const own = { form, path, packagePath, packageLocation, isDefault, file, row, location };
    return this.#planRule({ ...own, ...this.#rule.withLiterals(values, (place) => place) });
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

/** Whether it is the plan of a rule that is like another one. */
export function isTwinPlan(rule: RulePlan): rule is TwinPlan {
  return rule instanceof TwinPlan;
}
