import { IMPORTABLE_KEYWORDS } from '../syntax/token.ts';
import type { CoreExpression, CoreRule, CoreTerm, Variable } from './core.ts';
import type { Report } from './report.ts';
import { refText, stepText } from './term-text.ts';
import { termVariables } from './walk.ts';

/** Expressions that wait in vain, each with the variables that nothing gives a value to. */
export class UnsafeVariables {
  readonly #found = new Map<CoreExpression, Set<Variable>>();

  get isEmpty(): boolean {
    return this.#found.size === 0;
  }

  add(expression: CoreExpression, variables: Iterable<Variable>): void {
    const known = this.#found.get(expression);
    if (known === undefined) this.#found.set(expression, new Set(variables));
    else for (const variable of variables) known.add(variable);
  }

  /**
   * Reports each variable once, at the first expression that needs it, and the left side of `:=` only where no right
   * side is to blame (OPA's `safetyErrorSlice`).
   */
  report(report: Report, scope: string): void {
    if (this.#found.size === 0) return;
    const assigned = this.#assigned();
    const places = [...this.#places()].filter(([variable]) => variable.origin !== 'generated');
    const others = places.filter(([variable]) => !assigned.has(variable));
    for (const [variable, { location }] of others.length > 0 ? others : places) {
      reportUnsafe(variable, location, report, scope, true);
    }
    if (places.length === 0) this.#reportExpressions(report, scope);
  }

  #assigned(): Set<Variable> {
    const assigned = new Set<Variable>();
    for (const expression of this.#found.keys()) {
      if (expression.kind !== 'equal' || !expression.assigned) continue;
      for (const variable of termVariables(expression.left)) assigned.add(variable);
    }
    return assigned;
  }

  #places(): Map<Variable, CoreExpression> {
    const places = new Map<Variable, CoreExpression>();
    for (const [expression, variables] of this.#inOrder()) {
      for (const variable of variables) if (!places.has(variable)) places.set(variable, expression);
    }
    return places;
  }

  /** Only variables that no user can see: the expressions themselves are named. */
  #reportExpressions(report: Report, scope: string): void {
    const seen = new Set<Variable>();
    for (const [{ location }, variables] of this.#inOrder()) {
      const before = seen.size;
      for (const variable of variables) seen.add(variable);
      if (seen.size > before) {
        report.error('rego_unsafe_var_error', `expression is unsafe${scope}`, location);
      }
    }
  }

  #inOrder(): [CoreExpression, Set<Variable>][] {
    return [...this.#found].sort(
      ([{ location: a }], [{ location: b }]) => a.row - b.row || a.column - b.column,
    );
  }
}

/** Reports a variable that has no value, in OPA's words. */
export function reportUnsafe(
  variable: Variable,
  location: CoreTerm['location'],
  report: Report,
  scope: string,
  inBody: boolean,
): void {
  const name = variable.origin === 'wildcard' ? '_' : variable.name;
  const hint =
    inBody && IMPORTABLE_KEYWORDS.includes(name)
      ? ` (hint: \`import future.keywords.${name}\` to import a future keyword)`
      : '';
  report.error('rego_unsafe_var_error', `var ${name} is unsafe${scope}${hint}`, location, unsafeHelp(name));
}

function unsafeHelp(name: string): string {
  if (name === '_') return 'give `_` a value outside of the negation or call that holds it';
  return `give \`${name}\` a value in this body (for example \`some ${name} in …\` or \`${name} := …\`), outside of \`not\``;
}

/**
 * Names the rule in messages about rows that hold rules of several names, where the place alone does not say which is
 * meant. The rows are looked for at the first question.
 */
export class RuleScopes {
  readonly #rules: readonly CoreRule[];
  #shared: ReadonlySet<string> | undefined;

  constructor(rules: readonly CoreRule[]) {
    this.#rules = rules;
  }

  /** ` in rule p.q`, or nothing. */
  of(rule: CoreRule, branch: number): string {
    this.#shared ??= sharedRows(this.#rules);
    const { file, row } = rule.branches[branch]!.location;
    return this.#shared.has(`${file}:${row}`) ? ` in rule ${localName(rule)}` : '';
  }
}

function sharedRows(rules: readonly CoreRule[]): Set<string> {
  const first = new Map<string, string>();
  const shared = new Set<string>();
  for (const rule of rules) {
    const name = localName(rule);
    for (const { location } of rule.branches) {
      const key = `${location.file}:${location.row}`;
      const known = first.get(key);
      if (known === undefined) first.set(key, name);
      else if (known !== name) shared.add(key);
    }
  }
  return shared;
}

/** The known beginning of a rule's head, as it is written. */
function localName(rule: CoreRule): string {
  const [name = '', ...steps] = rule.path.slice(rule.packagePath.length);
  const known = rule.tail.findIndex((part) => part.kind !== 'constant');
  const tail = known < 0 ? rule.tail : rule.tail.slice(0, known);
  const root = name + steps.map(stepText).join('');
  const variable: Variable = { name: root, origin: 'user' };
  const { location } = rule;
  return refText({ kind: 'ref', root: { kind: 'variable', variable, location }, parts: tail, location });
}
