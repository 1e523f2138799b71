import type { GroupPlan, RulePlan } from '../plan/plan.ts';
import type { Frame, Run } from '../runtime/run.ts';
import { equal } from '../value/index.ts';
import type { Value } from '../value/value.ts';
import { compileAdmission } from './admission.ts';
import type { Backend } from './backend.ts';
import { compilePattern } from './statements.ts';

/** Whether the first answer of the rules at some positions ends the search. */
export type EndsEarly = (run: Run, args: readonly Value[], positions: readonly number[]) => boolean;

/**
 * Where rules are chosen as OPA chooses them, one search more than by the rules' own values can end early: that of rules
 * of which all that are left give one constant.
 */
export function compileEarlyExit(backend: Backend, group: GroupPlan): EndsEarly {
  if (group.constant !== undefined) return () => true;
  if (!backend.choosesAsOpa) return () => false;
  const values: ((run: Run, args: readonly Value[]) => readonly (Value | undefined)[])[] = [];
  return (run, args, positions) => {
    if (positions.length < 2) return false;
    let shared: Value | undefined;
    for (const position of positions) {
      values[position] ??= compileValues(backend, group.rules[position]!);
      for (const value of values[position](run, args)) {
        if (value === undefined || (shared !== undefined && !equal(shared, value))) return false;
        shared = value;
      }
    }
    return shared !== undefined;
  };
}

/** The values of those of a rule's branches that may be begun; undefined for one that is no constant. */
function compileValues(backend: Backend, rule: RulePlan) {
  const matchers = rule.args.map((pattern) => compilePattern(backend, pattern, false));
  const branches = rule.branches.map((branch) => ({
    admits: compileAdmission(backend, branch, rule.args),
    value: branch.value.op === 'constant' ? branch.value.value : undefined,
  }));
  return (run: Run, args: readonly Value[]): readonly (Value | undefined)[] => {
    const frame: Frame = new Array(rule.slots);
    const matches = matchers.every((matcher, index) => matcher(run, frame, args[index]!));
    return matches ? branches.filter(({ admits }) => admits(run, frame)).map(({ value }) => value) : [];
  };
}
