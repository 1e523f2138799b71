import type { Module } from '../syntax/ast.ts';
import type { Capabilities } from './capabilities.ts';
import { capabilities } from './capabilities.ts';
import type { CoreExpression, CoreRule, CoreTerm } from './core.ts';
import { operandTerms, termParts, walkBody, walkTerm } from './walk.ts';

/** Calls that the compiler puts there for others. */
const UNSEEN: ReadonlySet<string> = new Set(['internal.print', 'internal.test_case']);

/**
 * What a policy asks of the engine that is to run it (OPA's stage BuildRequiredCapabilities, which passes over what
 * stands in the bodies of `every` and `not`).
 */
export function requiredCapabilities(rules: readonly CoreRule[], modules: readonly Module[]): Capabilities {
  const names = builtinsOf(rules);
  const features = new Set(modules.flatMap(featuresOf));
  if (names.has('internal.template_string')) features.add('template_strings');
  const keywords = [...new Set(modules.flatMap(keywordsOf))].sort();
  const builtins = (capabilities().builtins ?? []).filter(({ name }) => names.has(name));
  return {
    ...(builtins.length > 0 && {
      builtins: builtins.map(({ name, decl, infix }) => ({
        name,
        decl,
        ...(infix !== undefined && { infix }),
      })),
    }),
    ...(keywords.length > 0 && { future_keywords: keywords }),
    ...(features.size > 0 && { features: [...features].sort() }),
  };
}

function builtinsOf(rules: readonly CoreRule[]): ReadonlySet<string> {
  const names = new Set<string>();
  const visitor = { expression: (expression: CoreExpression) => collect(expression, names) };
  for (const { branches, args, tail, key } of rules) {
    for (const { body, value } of branches) {
      walkBody(body, visitor);
      if (value !== undefined) walkTerm(value, visitor);
    }
    for (const term of [...args, ...tail, key]) if (term !== undefined) walkTerm(term, visitor);
  }
  return names;
}

function collect(expression: CoreExpression, names: Set<string>): void {
  if (expression.kind === 'equal') {
    names.add('eq');
    if (expression.assigned) names.add('assign');
  }
  if (expression.kind !== 'call') return;
  // What is looked up for a call gets a variable of its own, by an equality.
  if (operandTerms(expression).some(isLookedUp)) names.add('eq');
  const { callee, args } = expression;
  if (callee.kind !== 'builtin' || callee.custom !== undefined || UNSEEN.has(callee.name)) return;
  names.add(callee.name === 'equal' && args.length === 2 ? 'eq' : callee.name);
}

function isLookedUp(term: CoreTerm): boolean {
  return term.kind === 'ref' || term.kind === 'comprehension' || termParts(term).some(isLookedUp);
}

const EXPERIMENTAL: ReadonlySet<string> = new Set(['and', 'or', 'not']);
const IMPORTABLE = {
  0: ['and', 'contains', 'every', 'if', 'in', 'not', 'or'],
  1: ['and', 'not', 'or'],
  2: [],
};

function keywordsOf({ imports, version }: Module): string[] {
  const importable: readonly string[] = IMPORTABLE[version];
  return imports.flatMap(({ path }) => {
    if (path[0] !== 'future' || path[1] !== 'keywords') return [];
    const [, , word] = path;
    if (word === undefined) return importable.filter((one) => !EXPERIMENTAL.has(one));
    return importable.includes(word) ? [word] : [];
  });
}

function featuresOf({ imports, rules, version }: Module): string[] {
  const imported = imports
    .filter(({ path }) => path[0] === 'rego')
    .filter(({ path }) => (path[1] === 'v1' ? version < 1 : version < 2))
    .map(({ path }) => `rego_${path[1]}_import`);
  if (version > 0) return [...imported, `rego_v${version}`];
  const heads = rules
    .filter(({ head }) => head.ref.length >= 3)
    .map(({ head }) =>
      head.ref.every(({ kind }) => SCALARS.has(kind)) ? 'rule_head_ref_string_prefixes' : 'rule_head_refs',
    );
  return [...imported, ...heads];
}

const SCALARS: ReadonlySet<string> = new Set(['null', 'boolean', 'number', 'string']);
