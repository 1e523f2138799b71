import type { Body, Expression, Module, Rule } from '../syntax/ast.ts';
import { collectPattern } from './declared.ts';
import { importName, isKeywordImport } from './names.ts';
import type { Report } from './report.ts';
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
  if (report.stopped || unused.found || first === undefined) return;
  for (const term of [key, value]) {
    if (term?.kind !== 'var' || /^(?:\$|__local)/.test(term.name)) continue;
    const variable = scope.declared(term.name);
    if (variable === undefined || scope.uses(variable) > 0) continue;
    unused.found = true;
    report.recoverable('rego_compile_error', `declared var ${term.name} unused`, first.location, {
      help: 'write `_` for what the body does not need',
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
        help: `write \`_ := …\`, or use \`${name}\``,
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
    context.report.recoverable('rego_compile_error', message, rule.head.location);
  }
}

/** Strict mode: an import that nothing in the module names. */
export function checkUnusedImports(module: Module, used: ReadonlySet<string>, report: Report): void {
  for (const imported of module.imports) {
    if (isKeywordImport(imported.path) || used.has(importName(imported))) continue;
    report.recoverable('rego_compile_error', `${importText(imported)} unused`, imported.location, {
      help: 'remove the import',
    });
  }
}

/** An import as OPA writes it. */
export function importText({ path, alias }: Module['imports'][number]): string {
  const [root = '', ...steps] = path;
  return `import ${root}${steps.map(stepText).join('')}${alias === undefined ? '' : ` as ${alias}`}`;
}
