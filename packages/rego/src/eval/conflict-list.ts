import type { RulePlan, ValueNode } from '../plan/plan.ts';
import { EvaluationFault } from '../runtime/fault.ts';
import type { Frame, Run } from '../runtime/run.ts';
import type { Location } from '../syntax/ast.ts';
import { equal, valueText } from '../value/index.ts';
import type { Value } from '../value/value.ts';
import type { Backend, Step } from './backend.ts';
import type { RuleConflict } from './conflict.ts';
import { compileChoice } from './groups.ts';
import { compilePattern, compileStatements } from './statements.ts';
import { compileValue } from './values.ts';

/** OPA lists no more (`topdown/conflicts.go`). */
const LISTED_MAX = 10;
/** Longer values are cut, as in OPA's messages. */
const TEXT_MAX = 80;

interface Listed {
  readonly value: Value;
  readonly location: Location;
}

/** The first value, and those of other rules that differ from it. */
class Conflicting {
  readonly values: Listed[] = [];
  more = false;

  /** False where the value conflicts: one of a rule is enough. */
  add(value: Value, location: Location): boolean {
    const [first] = this.values;
    if (first !== undefined && equal(first.value, value)) return true;
    if (this.values.length === LISTED_MAX) {
      this.more = true;
      return false;
    }
    this.values.push({ value, location });
    return first === undefined;
  }
}

/**
 * A conflict with the values that contradict each other and their places, itself at the place of the second one.
 * Evaluation stops at the first contradiction; only once there is one are the rules evaluated again for all values.
 */
export function conflictDetails(
  backend: Backend,
  run: Run,
  conflict: RuleConflict,
): { readonly message: string; readonly location: Location | undefined } {
  const { values, more } = collectConflicts(backend, run, conflict);
  const { message, location } = conflict;
  if (values.length < 2) return { message, location };
  const inOrder = values.toSorted((a, b) => compareLocations(a.location, b.location));
  const lines = inOrder.map(({ value, location: { file, row } }) => `${shortened(value)} at ${file}:${row}`);
  const text = [`${message}:`, ...lines, ...(more ? ['...'] : [])].join('\n  ');
  return { message: text, location: values[1]!.location };
}

function compareLocations(a: Location, b: Location): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.row - b.row || a.column - b.column;
}

function shortened(value: Value): string {
  const characters = [...valueText(value).replace(/\s+/g, ' ').trim()];
  return characters.length <= TEXT_MAX ? characters.join('') : `${characters.slice(0, TEXT_MAX).join('')}...`;
}

function collectConflicts(
  backend: Backend,
  run: Run,
  { group, keys, args, scope }: RuleConflict,
): Conflicting {
  const conflicting = new Conflicting();
  const { builtinError } = run;
  run.scope = scope;
  try {
    for (const position of compileChoice(backend, group.choice)(run, args)) {
      const rule = group.rules[position]!;
      if (keys.length > 0 && !hasKeys(rule, keys)) continue;
      collectRule(backend, run, rule, args, conflicting);
      if (conflicting.more) break;
    }
  } catch (caught) {
    // What goes wrong now is not what ended the evaluation; the values found so far are listed.
    if (!(caught instanceof EvaluationFault)) throw caught;
  }
  run.builtinError = builtinError;
  return conflicting;
}

/** Whether the steps of a head are these constants. */
function hasKeys({ branches }: RulePlan, keys: readonly Value[]): boolean {
  const steps = branches[0]!.keys;
  const isSame = (step: ValueNode, key: Value | undefined): boolean =>
    step.op === 'constant' && key !== undefined && equal(step.value, key);
  return steps.length === keys.length && steps.every((step, index) => isSame(step, keys[index]));
}

function collectRule(
  backend: Backend,
  run: Run,
  rule: RulePlan,
  args: readonly Value[],
  conflicting: Conflicting,
): void {
  const frame: Frame = new Array(rule.slots);
  const matches = rule.args.every((pattern, index) =>
    compilePattern(backend, pattern, true)(run, frame, args[index]!),
  );
  if (!matches) return;
  for (const { body, value, location } of rule.branches) {
    const compute = compileValue(backend, value, true);
    let produced = false;
    const end: Step = () => {
      const found = compute(run, frame);
      if (found === undefined) return false;
      produced = true;
      return !conflicting.add(found, location);
    };
    compileStatements(backend, body, end, true)(run, frame);
    if (produced) return;
  }
}
