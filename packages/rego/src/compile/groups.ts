import type { GroupPlan } from '../plan/plan.ts';
import type { Code } from './code.ts';
import { code, join, nameOf } from './code.ts';
import type { Emitter } from './emitter.ts';
import { conflictOf, emitSingleRule } from './rules.ts';

const COMMA = code`, `;

/**
 * Writes the functions of a group all of whose rules are tried: one that evaluates it, one that remembers its value,
 * and for functions one that is called.
 */
export function emitDirectGroup(emitter: Emitter, group: GroupPlan): void {
  const args = Array.from({ length: group.arity }, (_none, index) => nameOf('argument', index));
  emitEvaluate(emitter, group, args);
  if (group.kind === 'function') emitCall(emitter, group, args);
  emitRemembered(emitter, group);
}

function emitEvaluate(emitter: Emitter, group: GroupPlan, args: readonly Code[]): void {
  const parameters = join([code`run`, ...args], COMMA);
  emitter.write(code`function ${nameOf('evaluate', group.id)}(${parameters}) {`);
  const endsEarly = group.constant !== undefined || group.rules.length <= 1;
  if (!endsEarly) emitter.write(code`let result;`);
  for (const rule of group.rules) {
    const label = emitter.label();
    if (endsEarly) {
      emitSingleRule(emitter, group, rule, args, (value) => emitter.write(code`return ${value};`));
      continue;
    }
    emitter.write(code`${label}: {`);
    emitSingleRule(emitter, group, rule, args, (value) => {
      emitter.write(code`if (result === undefined) result = ${value};`);
      emitter.write(
        code`else if (!equal(result, ${value})) ${conflictOf(emitter, group, rule.location, args)}`,
      );
      emitter.write(code`break ${label};`);
    });
    emitter.write(code`}`);
  }
  if (!endsEarly) emitter.write(code`if (result !== undefined) return result;`);
  if (group.fallback !== undefined) {
    emitSingleRule(emitter, group, group.fallback, args, (value) => emitter.write(code`return ${value};`));
  }
  emitter.write(code`return undefined;`);
  emitter.write(code`}`);
  emitter.finishFunction();
}

function emitRemembered(emitter: Emitter, group: GroupPlan): void {
  const name = nameOf('value', group.id);
  if (group.kind === 'function' && group.arity > 0) {
    emitter.write(code`function ${name}() { return undefined; }`);
    emitter.finishFunction();
    return;
  }
  const plan = emitter.constant({ kind: 'group-plan', group: group.id });
  const path = emitter.data(group.path);
  emitter.write(code`function ${name}(run) {
  const { scope } = run;
  const known = scope.memo[${group.id}];
  if (known !== undefined) return known === ABSENT ? undefined : known === BUSY ? refuseCircle(${plan}) : known;
  if (scope.replaced !== undefined && isReplaced(run, ${path})) return memberAt(scope.data, ${path});
  scope.memo[${group.id}] = BUSY;
  const value = ${nameOf('evaluate', group.id)}(run);
  scope.memo[${group.id}] = value === undefined ? ABSENT : value;
  return value;
}`);
  emitter.finishFunction();
}

function emitCall(emitter: Emitter, group: GroupPlan, args: readonly Code[]): void {
  const path = emitter.data(group.path);
  const evaluate = nameOf('evaluate', group.id);
  const parameters = join([code`run`, ...args], COMMA);
  emitter.write(code`function ${nameOf('call', group.id)}(${parameters}) {
  run.count();
  const { scope } = run;
  if (scope.replaced !== undefined && isReplaced(run, ${path})) return memberAt(scope.data, ${path});`);
  const [only] = args;
  if (group.worthKeeping && only !== undefined && args.length === 1) {
    emitter.write(
      code`if (${only} === null || typeof ${only} !== "object") return rememberedByKey(run, ${emitter.constant({ kind: 'group-plan', group: group.id })}, ${only}, ${evaluate});`,
    );
  }
  emitter.write(code`return ${evaluate}(${parameters});`);
  emitter.write(code`}`);
  emitter.finishFunction();
}
