import type { Condition } from '../plan/admission.ts';
import { conditionsOf, isAllowed } from '../plan/admission.ts';
import type { BranchPlan, RulePlan } from '../plan/plan.ts';
import type { Frame, Run } from '../runtime/run.ts';
import type { Backend } from './backend.ts';
import { compileValue } from './values.ts';

/** Whether a body is to be begun; its arguments have been matched. */
export type Admits = (run: Run, frame: Frame) => boolean;

const ALWAYS: Admits = () => true;

/** What has to hold before a body is begun, where rules are chosen as OPA chooses them; anything else always is. */
export function compileAdmission(backend: Backend, branch: BranchPlan, args: RulePlan['args']): Admits {
  return backend.choosesAsOpa ? all(backend, conditionsOf(branch.body, args)) : ALWAYS;
}

function all(backend: Backend, conditions: readonly Condition[]): Admits {
  const checks = conditions.map((condition) => check(backend, condition));
  return checks.length === 0 ? ALWAYS : (run, frame) => checks.every((one) => one(run, frame));
}

function check(backend: Backend, condition: Condition): Admits {
  if (condition.need === 'one') {
    const alternatives = condition.of.map((conditions) => all(backend, conditions));
    return (run, frame) => alternatives.some((one) => one(run, frame));
  }
  const read = compileValue(backend, condition.subject, false);
  const { allowed } = condition;
  return (run, frame) => {
    const value = read(run, frame);
    return value !== undefined && isAllowed(value, allowed);
  };
}
