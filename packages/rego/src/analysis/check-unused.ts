import type { Body, Expression, Module, Rule, Term } from '../syntax/ast.ts';
import { collectPattern } from './declared.ts';
import { importName, isKeywordImport } from './names.ts';
import type { DiagnosticExtra, Report } from './report.ts';
import type { Resolving } from './resolve-terms.ts';
import { stepText } from './term-text.ts';

/**
 * Looks for variables that the body just resolved declares by `some`, and in strict mode assigns, and that nothing
 * uses. Where a body inside has some already, the bodies around it are left alone, as in OPA.
 */
export function checkUnused(context: Resolving, body: Body): void {
  const { unused } = context;
  if (unused.found) return;
  if (unused.strict) checkAssigned(context, body);
  if (unused.found) return;
  for (const expression of body) {
    if (expression.kind !== 'some') continue;
    for (const { name } of expression.names) {
      const variable = context.scope.declared(name);
      if (variable === undefined || context.scope.uses(variable) > 0) continue;
      unused.found = true;
      context.report.recoverable('rego_compile_error', `declared var ${name} unused`, expression.location);
    }
  }
}

/** The variables of `every` that its body does not use; OPA reports them at the first expression of the body. */
export function checkUnusedOfEvery(
  context: Resolving,
  { key, value, body }: Extract<Expression, { kind: 'every' }>,
): void {
  const { scope, report, unused } = context;
  const [first] = body;
  if (report.count !== context.errorsBefore || unused.found || first === undefined) return;
  for (const term of [key, value]) {
    if (term?.kind !== 'var' || /^(?:\$|__local)/.test(term.name)) continue;
    const variable = scope.declared(term.name);
    if (variable === undefined || scope.uses(variable) > 0) continue;
    unused.found = true;
    const { start, end } = term.location;
    report.recoverable('rego_compile_error', `declared var ${term.name} unused`, first.location, {
      help: 'write `_` for what the body does not need',
      replacement: { start, end, text: '_' },
    });
  }
}

function checkAssigned(context: Resolving, body: Body): void {
  const assigned = new Set(context.scope.assigned());
  for (const expression of body) {
    for (const name of assignedNames(expression)) {
      const variable = context.scope.declared(name);
      if (variable === undefined || !assigned.has(variable) || context.scope.uses(variable) > 1) continue;
      if (variable.origin === 'wildcard') continue;
      context.unused.found = true;
      context.report.recoverable('rego_compile_error', `assigned var ${name} unused`, expression.location, {
        help: `write \`_\` in its place, or use \`${name}\``,
        ...wildcardFor(name, expression),
      });
    }
  }
}

function assignedNames(expression: Expression): ReadonlySet<string> {
  const names = new Set<string>();
  if (expression.kind === 'assign') collectPattern(expression.left, names);
  return names;
}

/** Strict mode: an argument that no branch of the function uses is better a wildcard. */
export function checkUnusedArguments(context: Resolving, rule: Rule): void {
  for (const variable of context.scope.args()) {
    if (variable.origin === 'wildcard' || context.scope.uses(variable) > 1) continue;
    const message = `unused argument ${variable.name}. (hint: use _ (wildcard variable) instead)`;
    const places = rule.head.args.map((argument) => placeOf(variable.name, argument));
    const place = places.find((one) => one !== undefined);
    context.report.recoverable('rego_compile_error', message, rule.head.location, {
      ...(place !== undefined && { replacement: { start: place.start, end: place.end, text: '_' } }),
    });
  }
}

/** Strict mode: an import that nothing in the module names. */
export function checkUnusedImports(module: Module, used: ReadonlySet<string>, report: Report): void {
  for (const imported of module.imports) {
    if (isKeywordImport(imported.path) || used.has(importName(imported))) continue;
    report.recoverable('rego_compile_error', `${importText(imported)} unused`, imported.location, {
      help: 'remove the import',
      replacement: removedLine(module, imported),
    });
  }
}

/** A statement without its line, where it has that to itself. */
export function removedLine(
  module: Module,
  { location }: Module['imports'][number],
): NonNullable<DiagnosticExtra['replacement']> {
  const lineStart = module.text.lastIndexOf('\n', location.start - 1) + 1;
  const next = module.text.indexOf('\n', location.end);
  const lineEnd = next < 0 ? module.text.length : next + 1;
  const around = module.text.slice(lineStart, location.start) + module.text.slice(location.end, lineEnd);
  if (around.trim() !== '') return { start: location.start, end: location.end, text: '' };
  return { start: lineStart, end: lineEnd, text: '' };
}

/** The one place where a pattern gives the name, with `_` in it. */
function wildcardFor(name: string, expression: Expression): Pick<DiagnosticExtra, 'replacement'> {
  if (expression.kind !== 'assign') return {};
  const place = placeOf(name, expression.left);
  return place === undefined ? {} : { replacement: { start: place.start, end: place.end, text: '_' } };
}

function placeOf(name: string, term: Term): Term['location'] | undefined {
  if (term.kind === 'var') return term.name === name ? term.location : undefined;
  if (term.kind === 'ref' && term.parts.length === 0) return placeOf(name, term.head);
  const parts = term.kind === 'array' ? term.items : term.kind === 'object' ? term.entries.flat() : [];
  for (const part of parts) {
    const place = placeOf(name, part);
    if (place !== undefined) return place;
  }
  return undefined;
}

/** An import as OPA writes it. */
export function importText({ path, alias }: Module['imports'][number]): string {
  const [root = '', ...steps] = path;
  return `import ${root}${steps.map(stepText).join('')}${alias === undefined ? '' : ` as ${alias}`}`;
}
