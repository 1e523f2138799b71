import { dataPath, stepText } from '../analysis/term-text.ts';
import type { GroupPlan } from '../plan/plan.ts';
import { EvaluationFault } from '../runtime/fault.ts';
import type { Run, Scope } from '../runtime/run.ts';
import type { Location } from '../syntax/ast.ts';
import { valueText } from '../value/index.ts';
import type { Value } from '../value/value.ts';

/** Where a second value of one thing would show itself. */
export interface ConflictSite {
  readonly group: GroupPlan;
  /** Constant steps of the head after the group's path. */
  readonly keys?: readonly Value[];
  readonly location: Location;
}

/** Rules gave different values for one thing; with what it takes to find all of these values. */
export class RuleConflict extends EvaluationFault {
  readonly group: GroupPlan;
  readonly keys: readonly Value[];
  readonly args: readonly Value[];
  readonly scope: Scope;

  constructor({ group, keys = [], location }: ConflictSite, run: Run, args: readonly Value[]) {
    const name = dataPath(group.path) + keys.map(keyText).join('');
    const message =
      group.kind === 'function'
        ? `function ${name} produced conflicting values for the same inputs`
        : `rule ${name} produced conflicting values`;
    super('eval_conflict_error', message, location);
    this.group = group;
    this.keys = keys;
    this.args = args;
    this.scope = run.scope;
  }
}

function keyText(key: Value): string {
  return typeof key === 'string' ? stepText(key) : `[${valueText(key)}]`;
}

/** Ends an evaluation in which rules contradict each other. */
export function refuseConflict(site: ConflictSite, run: Run, args: readonly Value[]): never {
  throw new RuleConflict(site, run, args);
}
