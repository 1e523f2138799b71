import type { Builtin } from '../builtins/index.ts';
import { BUILTINS, BuiltinError, SuspendedCall } from '../builtins/index.ts';
import type { Location } from '../syntax/ast.ts';
import type { Value } from '../value/value.ts';
import { EvaluationFault, EvaluationSuspension } from './fault.ts';
import type { Run } from './run.ts';
import { newMemo } from './run.ts';

/** A function or rule of the policy. */
export interface CallableGroup {
  value(run: Run): Value | undefined;
  call(run: Run, args: readonly Value[]): Value | undefined;
}

/** Notes a builtin's failure; the expression is undefined, unless the failure is that the evaluation must end. */
export function builtinFailed(run: Run, error: BuiltinError, location: Location): undefined {
  if (error instanceof SuspendedCall) throw new EvaluationSuspension(error.request, location);
  if (error.code === 'eval_cancel_error')
    throw new EvaluationFault('eval_cancel_error', error.message, location);
  run.builtinError ??= { error, location };
  run.builtinFailed?.({ kind: 'error', code: error.code, message: error.message, location });
  return undefined;
}

/** Calls a builtin over values. */
export function callBuiltin(
  run: Run,
  builtin: Builtin,
  args: readonly Value[],
  location: Location,
): Value | undefined {
  const outcome = builtin.implementation(run.builtins, ...args);
  return outcome instanceof BuiltinError ? builtinFailed(run, outcome, location) : outcome;
}

/** A function or builtin that a `with` may have put something in the place of. */
export interface CallSite {
  /** The name that `with` knows it by. */
  readonly key: string;
  readonly itself: Builtin | CallableGroup;
  readonly location: Location;
  readonly groupOf: (id: number) => CallableGroup;
}

/** Calls what `with` put in the place of a function or builtin, or the thing itself. */
export function callReplaced(run: Run, site: CallSite, args: readonly Value[]): Value | undefined {
  const mock = run.scope.mocks?.get(site.key);
  if (mock === undefined) {
    return 'call' in site.itself
      ? site.itself.call(run, args)
      : callBuiltin(run, site.itself, args, site.location);
  }
  if (mock.kind === 'value') return mock.value;
  if (mock.kind === 'builtin')
    return callBuiltin(run, mock.custom ?? BUILTINS[mock.name]!, args, site.location);
  if (mock.kind === 'rule') return site.groupOf(mock.group).value(run);
  return callUnreplaced(run, site.groupOf(mock.group), args);
}

/** A function that stands in for another one sees no stand-ins itself, so that it can call what it replaces. */
function callUnreplaced(run: Run, group: CallableGroup, args: readonly Value[]): Value | undefined {
  const outer = run.scope;
  run.scope = { ...outer, outer, mocks: undefined, memo: newMemo(run.groupCount), keyed: undefined };
  const value = group.call(run, args);
  run.scope = outer;
  return value;
}
