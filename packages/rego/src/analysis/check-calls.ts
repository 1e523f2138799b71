import { BUILTINS, KNOWN_BUILTINS } from '../builtins/index.ts';
import type { Location } from '../syntax/ast.ts';
import type { Callee, CoreBody, CoreCallExpression, CoreRule } from './core.ts';
import type { PolicyNames } from './names.ts';
import { pathKey } from './names.ts';
import type { Report } from './report.ts';
import { dataPath } from './term-text.ts';
import { walkBody, walkTerm } from './walk.ts';

/** Numbers of arguments of functions and builtins. */
export function arityLookup(names: PolicyNames): (callee: Callee) => number | undefined {
  return (callee) => {
    if (callee.kind === 'builtin') {
      const signature = KNOWN_BUILTINS[callee.name];
      return signature?.variadic === undefined ? signature?.args.length : undefined;
    }
    if (callee.kind === 'unknown') return undefined;
    const key = pathKey(callee.path);
    return names.functions.get(key) ?? (names.rules.has(key) ? 0 : undefined);
  };
}

/** What the check of calls needs. */
export interface CallCheck {
  readonly names: PolicyNames;
  readonly report: Report;
  readonly arityOf: (callee: Callee) => number | undefined;
  /** In Rego v1 deprecated builtins are refused. */
  readonly refusesDeprecated: boolean;
}

/** Refuses calls of what does not exist, cannot be called here, or takes another number of arguments. */
export function checkRuleCalls(rule: CoreRule, check: CallCheck): void {
  for (const branch of rule.branches) checkBodyCalls(branch.body, check);
  const terms = [...rule.args, ...rule.tail, rule.key, ...rule.branches.map((branch) => branch.value)];
  for (const term of terms) {
    if (term !== undefined) {
      walkTerm(term, { expression: (expression) => checkExpression(expression, check) });
    }
  }
}

/** As {@link checkRuleCalls}, for a body on its own. */
export function checkBodyCalls(body: CoreBody, check: CallCheck): void {
  walkBody(body, { expression: (expression) => checkExpression(expression, check) });
}

function checkExpression(expression: CoreBody[number], check: CallCheck): void {
  for (const modifier of expression.with) {
    for (const place of [modifier.target, modifier.replacement]) {
      if (place.kind === 'builtin') checkSupported(place.name, modifier.location, check.report);
    }
  }
  if (expression.kind === 'call') checkCall(expression, check);
}

function checkSupported(name: string, location: Location, report: Report): boolean {
  if (BUILTINS[name] !== undefined) return true;
  report.error(
    'rego_unsupported_error',
    `built-in function ${name} is not supported by this engine`,
    location,
    'use the opa engine for policies that need it',
  );
  return false;
}

function checkCall(expression: CoreCallExpression, check: CallCheck): void {
  const { callee, location } = expression;
  const { report } = check;
  const name = callee.kind === 'function' ? dataPath(callee.path) : callee.name;
  const arity = check.arityOf(callee);
  if (callee.kind === 'unknown' || (callee.kind === 'function' && arity === undefined)) {
    report.error('rego_type_error', `undefined function ${name}`, location);
    return;
  }
  if (callee.kind === 'builtin' && !checkBuiltin(expression, callee.name, check)) return;
  if (arity === undefined) return;
  const given = expression.args.length;
  const fits = expression.generated ? given === arity + 1 : given === arity || given === arity + 1;
  if (fits) return;
  const count = expression.generated ? given - 1 : given;
  const message =
    callee.kind === 'builtin'
      ? `${name}: arity mismatch`
      : `function ${name} has arity ${arity}, got ${count} argument${count === 1 ? '' : 's'}`;
  report.error('rego_type_error', message, location);
}

function checkBuiltin(expression: CoreCallExpression, name: string, check: CallCheck): boolean {
  const { location } = expression;
  const signature = KNOWN_BUILTINS[name];
  if (check.refusesDeprecated && signature?.deprecated === true) {
    const message = `deprecated built-in function calls in expression: ${name}`;
    check.report.error('rego_type_error', message, location);
    return false;
  }
  if (expression.generated && signature !== undefined && signature.result === undefined) {
    check.report.error('rego_type_error', `${name}(...) used as value`, location);
    return false;
  }
  return checkSupported(name, location, check.report);
}
