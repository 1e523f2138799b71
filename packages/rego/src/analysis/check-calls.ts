import { BUILTINS, KNOWN_BUILTINS } from '../builtins/index.ts';
import type { Location } from '../syntax/ast.ts';
import type {
  BuiltinCallee,
  Callee,
  CoreBody,
  CoreCallExpression,
  CoreExpression,
  CoreRule,
} from './core.ts';
import { undefinedFunctionMend } from './mends.ts';
import type { PolicyNames } from './names.ts';
import { pathKey } from './names.ts';
import type { DiagnosticExtra, Report } from './report.ts';
import { calleeText, termText } from './term-text.ts';
import { BodyChecker } from './types/check-body.ts';
import { Environment } from './types/environment.ts';
import { builtinType } from './types/signature-types.ts';
import { argumentError, type TypeFault } from './types/type-errors.ts';
import { walkBody, walkTerm } from './walk.ts';

/** Numbers of arguments of functions and builtins. */
export function arityLookup(names: PolicyNames): (callee: Callee) => number | undefined {
  return (callee) => {
    if (callee.kind === 'builtin') {
      const signature = callee.custom ?? KNOWN_BUILTINS[callee.name];
      return signature?.variadic === undefined ? signature?.args.length : undefined;
    }
    if (callee.kind === 'unknown') return undefined;
    const key = pathKey(callee.path);
    return names.functions.get(key) ?? (names.rules.has(key) ? 0 : undefined);
  };
}

/** What the check of calls needs. */
export interface CallCheck {
  readonly report: Report;
  readonly arityOf: (callee: Callee) => number | undefined;
  readonly names: PolicyNames;
  /** Path of the package in which the calls stand. */
  readonly packagePath: readonly string[];
}

/** Refuses calls of what does not exist, cannot be called here, or takes another number of arguments. */
export function checkRuleCalls(rule: CoreRule, check: CallCheck): void {
  visitCalls(rule, (expression) => checkExpression(expression, check));
}

/** As {@link checkRuleCalls}, for a body on its own. */
export function checkBodyCalls(body: CoreBody, check: CallCheck): void {
  walkBody(body, { expression: (expression) => checkExpression(expression, check) });
}

function visitCalls(rule: CoreRule, expression: (expression: CoreExpression) => void): void {
  const visitor = { expression };
  for (const branch of rule.branches) walkBody(branch.body, visitor);
  for (const term of rule.args) walkTerm(term, visitor);
  for (const term of rule.tail) walkTerm(term, visitor);
  if (rule.key !== undefined) walkTerm(rule.key, visitor);
  for (const { value } of rule.branches) if (value !== undefined) walkTerm(value, visitor);
}

/** Refuses calls of builtins that have been given up (OPA's stage CheckDeprecatedBuiltins). */
export function checkDeprecatedCalls(
  rule: CoreRule,
  isDeprecated: (name: string) => boolean,
  report: Report,
): void {
  visitCalls(rule, (expression) => {
    if (expression.kind !== 'call' || expression.callee.kind !== 'builtin') return;
    const { name } = expression.callee;
    if (!isDeprecated(name)) return;
    const message = `deprecated built-in function calls in expression: ${name}`;
    const help = SUCCESSORS[name];
    report.recoverable('rego_type_error', message, expression.location, {
      ...(help !== undefined && { help }),
      ...renamed(name, expression.location),
    });
  });
}

/** Refuses values of what gives none (OPA's stage CheckVoidCalls). */
export function checkVoidCalls(rule: CoreRule, report: Report): void {
  visitCalls(rule, (expression) => {
    if (expression.kind !== 'call' || !expression.generated || expression.callee.kind !== 'builtin') return;
    const { callee, args, location } = expression;
    const signature = callee.custom ?? KNOWN_BUILTINS[callee.name];
    if (signature === undefined || signature.result !== undefined) return;
    const written = termText({ kind: 'call', callee, args: args.slice(0, -1), location });
    report.error('rego_type_error', `${written} used as value`, location);
  });
}

const SUCCESSORS: Readonly<Record<string, string>> = {
  any: 'write `true in …`',
  all: 'write `every value in … { value == true }`, or compare with a comprehension',
  re_match: 'use `regex.match`',
  'net.cidr_overlap': 'use `net.cidr_contains`',
  set_diff: 'write `a - b`',
};

/** `re_match` only got another name. */
function renamed(name: string, { start }: Location): DiagnosticExtra {
  if (name !== 're_match') return {};
  return { replacement: { start, end: start + name.length, text: 'regex.match' } };
}

function checkExpression(expression: CoreExpression, check: CallCheck): void {
  for (const modifier of expression.with) {
    for (const place of [modifier.target, modifier.replacement]) {
      if (place.kind === 'builtin') checkSupported(place, modifier.location, check.report);
    }
  }
  if (expression.kind === 'call') checkCall(expression, check);
}

function checkSupported({ name, custom }: BuiltinCallee, location: Location, report: Report): void {
  if (custom !== undefined || BUILTINS[name] !== undefined) return;
  report.error(
    'rego_unsupported_error',
    `built-in function ${name} is not supported by this engine`,
    location,
    'use the opa engine for policies that need it',
  );
}

function checkCall(expression: CoreCallExpression, check: CallCheck): void {
  const { callee, location } = expression;
  const { report } = check;
  const name = calleeText(callee);
  const arity = check.arityOf(callee);
  if (callee.kind === 'unknown' || (callee.kind === 'function' && arity === undefined)) {
    const mend = undefinedFunctionMend(callee, check.packagePath, check.names);
    report.fatal('rego_type_error', `undefined function ${name}`, location, mend);
    return;
  }
  if (callee.kind === 'builtin') checkSupported(callee, location, report);
  if (arity === undefined) return;
  const given = expression.args.length;
  const fits = expression.generated ? given === arity + 1 : given === arity || given === arity + 1;
  if (fits) return;
  if (callee.kind === 'builtin') {
    const { message, details } = arityFault(expression, callee);
    report.fatal('rego_type_error', message, location, details && { details });
    return;
  }
  const count = expression.generated ? given - 1 : given;
  const message = `function ${name} has arity ${arity}, got ${count} argument${count === 1 ? '' : 's'}`;
  report.error('rego_type_error', message, location);
}

/** With what is known of the arguments before anything is inferred. */
function arityFault({ args, location }: CoreCallExpression, callee: BuiltinCallee): TypeFault {
  const environment = new Environment(new BodyChecker(() => []).closureType);
  const have = args.map((argument) => environment.typeOf(argument));
  return argumentError(location, callee.name, 'arity mismatch', have, builtinType(callee)!, false);
}
