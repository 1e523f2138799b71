import type { CoreRule } from '../analysis/core.ts';
import { isTwin } from '../analysis/twin-rule.ts';
import { equal } from '../value/index.ts';
import type { Value } from '../value/value.ts';
import type { RulePlan } from './plan.ts';

/** The value that every branch of every rule gives, where it is one constant. */
export function sharedConstant(rules: readonly CoreRule[], plans: readonly RulePlan[]): Value | undefined {
  let shared: Value | undefined;
  for (let index = 0; index < rules.length; index++) {
    const rule = rules[index]!;
    if (isTwin(rule) && !hasOwnValue(rule.twinOf, rule)) continue;
    for (let branch = 0; branch < rule.branches.length; branch++) {
      const value = constantOf(rule, branch, plans[index]!);
      if (value === undefined) return undefined;
      if (shared === undefined) shared = value;
      else if (!equal(shared, value)) return undefined;
    }
  }
  return shared;
}

/** Whether a rule may give another value than the one that it is like. */
function hasOwnValue(
  { key, branches }: CoreRule,
  twin: { hasLiteralIn: (term: NonNullable<CoreRule['key']>) => boolean },
): boolean {
  const term = key ?? branches[0]!.value;
  return term !== undefined && twin.hasLiteralIn(term);
}

/** Plans are asked only for values that are put together: they may not have been made yet. */
function constantOf(rule: CoreRule, branch: number, plan: RulePlan): Value | undefined {
  const term = branch === 0 && rule.key !== undefined ? rule.key : rule.branches[branch]!.value;
  switch (term?.kind) {
    case undefined:
      return true;
    case 'constant':
      return term.value;
    case 'array':
    case 'set':
    case 'object': {
      const { value } = plan.branches[branch]!;
      return value.op === 'constant' ? value.value : undefined;
    }
    case 'variable':
    case 'ref':
    case 'call':
    case 'comprehension':
      return undefined;
  }
}
