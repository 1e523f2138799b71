import type { Module } from '../syntax/ast.ts';
import type { Value } from '../value/value.ts';
import { AnnotationSet } from './annotation-set.ts';
import type { CoreBody, CoreCallExpression, CoreExpression, CoreRule, CoreTerm } from './core.ts';
import { expressionTerms, innerBodies, walkBody, walkTerm } from './walk.ts';

/** What annotations are asked by. */
export const METADATA_BUILTINS: readonly string[] = ['rego.metadata.chain', 'rego.metadata.rule'];

/**
 * Puts what annotations say in the place of calls of `rego.metadata.chain` and `rego.metadata.rule` (OPA's stage
 * RewriteRegoMetadataCalls). `rules` are those of the modules, in their order.
 */
export function resolveMetadata(modules: readonly Module[], rules: readonly CoreRule[]): void {
  if (!rules.some(usesMetadata)) return;
  const set = new AnnotationSet(modules);
  let position = 0;
  for (const module of modules) {
    for (const rule of module.rules) {
      const core = rules[position]!;
      position++;
      for (const [index, branch] of core.branches.entries()) {
        const isElse = index > 0;
        const answers: Answers = {
          'rego.metadata.chain': () => set.chain(module, rule, isElse),
          'rego.metadata.rule': () => set.rule(isElse ? undefined : rule),
        };
        replaceInBody(branch.body, answers);
        const heads = isElse ? [branch.value] : [...core.args, ...core.tail, core.key, branch.value];
        for (const term of heads) if (term !== undefined) replaceInTerm(term, answers);
      }
    }
  }
}

type Answers = Readonly<Record<string, () => Value>>;

function isMetadataCall(expression: CoreExpression): expression is CoreCallExpression {
  return (
    expression.kind === 'call' &&
    expression.callee.kind === 'builtin' &&
    (expression.callee.name === 'rego.metadata.chain' || expression.callee.name === 'rego.metadata.rule') &&
    expression.args.length <= 1
  );
}

function usesMetadata(rule: CoreRule): boolean {
  let found = false;
  const visitor = {
    expression: (expression: CoreExpression) => {
      if (isMetadataCall(expression)) found = true;
    },
  };
  for (const { body, value } of rule.branches) {
    walkBody(body, visitor);
    if (value !== undefined) walkTerm(value, visitor);
  }
  return found;
}

function replaceInBody(body: CoreBody, answers: Answers): void {
  for (const [index, expression] of body.entries()) {
    if (isMetadataCall(expression)) body[index] = answered(expression, answers);
    for (const term of expressionTerms(expression)) replaceInTerm(term, answers);
    for (const inner of innerBodies(expression)) replaceInBody(inner, answers);
  }
}

function answered(call: CoreCallExpression, answers: Answers): CoreExpression {
  const { callee, args, kind, ...common } = call;
  const value = callee.kind === 'builtin' ? answers[callee.name]!() : null;
  const constant: CoreTerm = { kind: 'constant', value, location: call.location };
  const [output] = args;
  // OPA makes a new expression of it, which is neither negated nor under a `with`.
  const plain = { ...common, negated: false, with: [] };
  if (output === undefined) return { ...plain, kind: 'test', term: constant };
  return { ...plain, kind: 'equal', left: output, right: constant, assigned: false, answered: true };
}

function replaceInTerm(term: CoreTerm, answers: Answers): void {
  if (term.kind === 'comprehension') {
    replaceInBody(term.body, answers);
    if (term.key !== undefined) replaceInTerm(term.key, answers);
    replaceInTerm(term.term, answers);
  } else if (term.kind === 'array' || term.kind === 'set') {
    for (const item of term.items) replaceInTerm(item, answers);
  } else if (term.kind === 'object') {
    for (const pair of term.entries) for (const part of pair) replaceInTerm(part, answers);
  } else if (term.kind === 'ref') {
    if (typeof term.root === 'object') replaceInTerm(term.root, answers);
    for (const part of term.parts) replaceInTerm(part, answers);
  }
}
