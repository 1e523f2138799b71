import type { Location } from '../syntax/ast.ts';
import { memberKey } from '../value/index.ts';
import type { Value } from '../value/value.ts';
import { EvaluationFault } from './fault.ts';
import type { Run } from './run.ts';

/** Marks a remembered result that is no value. */
export const ABSENT = Symbol('absent');
/** Marks a result that is being computed. */
export const BUSY = Symbol('busy');

/** What remembering the results of a group needs to know of it. */
export interface RememberedGroup {
  readonly id: number;
  readonly path: readonly string[];
  readonly rules: readonly { readonly location: Location }[];
}

/** Whether a `with` put something in the place of this path. */
export function isReplaced(run: Run, path: readonly string[]): boolean {
  const { replaced } = run.scope;
  if (replaced === undefined) return false;
  return replaced.some((target) => target.every((step, index) => path[index] === step));
}

/** Ends an evaluation that would go round in a circle. */
export function refuseCircle(group: RememberedGroup): never {
  const message = `rule data.${group.path.join('.')} needs its own value`;
  throw new EvaluationFault('eval_internal_error', message, group.rules[0]?.location);
}

/** The result for a key (a member of a partial rule, a function's one argument), computed once per scope. */
export function rememberedByKey(
  run: Run,
  group: RememberedGroup,
  key: Value,
  compute: (run: Run, key: Value) => Value | undefined,
): Value | undefined {
  const { scope } = run;
  scope.keyed ??= new Map();
  let known = scope.keyed.get(group.id);
  if (known === undefined) {
    known = new Map();
    scope.keyed.set(group.id, known);
  }
  const name = memberKey(key);
  const before = known.get(name);
  if (before !== undefined) {
    if (before === BUSY) refuseCircle(group);
    return before === ABSENT ? undefined : (before as Value);
  }
  known.set(name, BUSY);
  const value = compute(run, key);
  known.set(name, value === undefined ? ABSENT : value);
  return value;
}
