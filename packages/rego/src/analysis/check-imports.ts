import type { Body, Expression, Module, Term } from '../syntax/ast.ts';
import { importText, removedLine } from './check-unused.ts';
import { importName, isKeywordImport } from './names.ts';
import type { Report } from './report.ts';

/** Whether a module keeps the rules of Rego v1, which refuse some things that v0 lets pass. */
export function isV1Module(module: Module): boolean {
  return module.version !== 0 || module.imports.some(({ path }) => path[0] === 'rego');
}

/** Refuses imports that hide each other (OPA's stage CheckDuplicateImports). */
export function checkImports(module: Module, report: Report): void {
  const seen = new Map<string, string>();
  for (const imported of module.imports) {
    const name = isKeywordImport(imported.path) ? (imported.path.at(-1) ?? '') : importName(imported);
    const before = seen.get(name);
    if (before === undefined) seen.set(name, importText(imported));
    else {
      const message = `import must not shadow ${before}`;
      const isSame = before === importText(imported);
      report.recoverable('rego_compile_error', message, imported.location, {
        help: isSame ? 'remove the second one' : 'give one of them another name with `as`',
        ...(isSame && { replacement: removedLine(module, imported) }),
      });
    }
  }
}

const RESERVED = new Set(['input', 'data']);

/** Refuses names that hide `input` or `data` (OPA's stage CheckKeywordOverrides). */
export function checkReservedNames(module: Module, report: Report): void {
  // Hardly any module does: most are spared the walk.
  const mayAssignReserved = /\b(?:input|data)\s*:=/.test(module.text);
  for (const rule of module.rules) {
    const [first] = rule.head.ref;
    if (first?.kind === 'string' && RESERVED.has(first.value)) {
      const message = `rules must not shadow ${first.value} (use a different rule name)`;
      report.recoverable('rego_compile_error', message, rule.location);
    }
    if (!mayAssignReserved) continue;
    const terms = [...rule.head.ref, ...rule.head.args, rule.head.key, rule.head.value];
    for (const term of terms) if (term !== undefined) visitTerm(term, report);
    visitBody(rule.body, report);
    for (const branch of rule.elses) {
      visitTerm(branch.value, report);
      visitBody(branch.body, report);
    }
  }
}

function visitBody(body: Body, report: Report): void {
  for (const expression of body) visitExpression(expression, report);
}

function visitExpression(expression: Expression, report: Report): void {
  if (expression.kind === 'assign') {
    const name = nameOf(expression.left);
    if (name !== undefined && RESERVED.has(name)) {
      const message = `variables must not shadow ${name} (use a different variable name)`;
      report.recoverable('rego_compile_error', message, expression.location);
    }
  }
  for (const value of Object.values(expression)) visitAny(value, report);
}

function nameOf(term: Term): string | undefined {
  if (term.kind === 'var') return term.name;
  return term.kind === 'ref' && term.parts.length === 0 ? nameOf(term.head) : undefined;
}

function visitTerm(term: Term, report: Report): void {
  for (const value of Object.values(term)) visitAny(value, report);
}

const EXPRESSION_KINDS: ReadonlySet<string> = new Set<Expression['kind']>([
  'term-expression',
  'unify',
  'assign',
  'some',
  'some-in',
  'every',
]);

/** Whatever holds terms and expressions: this check does not care where they stand. */
function visitAny(value: unknown, report: Report): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) for (const item of value) visitAny(item, report);
  else if ('kind' in value && EXPRESSION_KINDS.has(String(value.kind))) {
    visitExpression(value as Expression, report);
  } else if ('kind' in value) visitTerm(value as Term, report);
}
