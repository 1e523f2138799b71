import type { EvaluationOptions } from '../eval/evaluation.ts';
import { shortened } from '../explain/trace-text.ts';
import { bodiesIn } from '../explain/written.ts';
import type { Policy } from '../policy-types.ts';
import type { Expression, Location, Term } from '../syntax/ast.ts';
import type { Value } from '../value/index.ts';
import { valueText } from '../value/index.ts';
import type { FailedLiteral, FailedPart } from './failed-literal.ts';
import type { Test } from './find-tests.ts';

/** Parts beyond these are nobody's help. */
const PARTS_MAX = 20;
/** A longer value of a variable is not written into a query, and not shown whole. */
const TEXT_LENGTH_MAX = 10_000;
/** What takes longer is left out. */
const PART_MS_MAX = 500;

interface Known {
  readonly policy: Policy;
  readonly test: Test;
  readonly evaluation: EvaluationOptions;
  readonly variables: Readonly<Record<string, Value>>;
}

/**
 * The failed literal with what its parts were: its variables by what they held, references and calls by asking for
 * them again, under the literal's own `with`.
 */
export function failedLiteral(
  policy: Policy,
  test: Test,
  evaluation: EvaluationOptions,
  found: { readonly location: Location; readonly variables: Readonly<Record<string, Value>> },
): FailedLiteral {
  const { location, variables } = found;
  const text = textAt(test, location);
  const expression = bodiesIn(test.rule)
    .flat()
    .find((one) => one.location.start === location.start && one.location.end === location.end);
  const indent = indentOf(test, location);
  if (expression === undefined) return { location, text, indent, parts: [] };
  const parts = new Map<string, FailedPart>();
  for (const term of termsOf(expression)) {
    const written = textAt(test, term.location);
    if (parts.size >= PARTS_MAX || parts.has(written)) continue;
    const part = partOf(term, written, expression, { policy, test, evaluation, variables });
    if (part !== undefined) parts.set(written, part);
  }
  const inOrder = [...parts.values()].sort((a, b) => a.location.start - b.location.start);
  return { location, text, indent, parts: inOrder };
}

function partOf(term: Term, text: string, expression: Expression, known: Known): FailedPart | undefined {
  const { location } = term;
  if (term.kind === 'var' && Object.hasOwn(known.variables, term.name))
    return { text, location, value: shownText(known.variables[term.name]!) };
  // What else is a bare name is the head of a reference, or has no value yet.
  if (term.kind === 'var') return undefined;
  const asked = askAgain(text, expression, known);
  return asked === undefined ? undefined : { text, location, value: asked.value };
}

/** Nothing where the part cannot be asked for: it iterates, or needs a variable that has no value. */
function askAgain(
  text: string,
  expression: Expression,
  { policy, test, evaluation, variables }: Known,
): { readonly value: string | undefined } | undefined {
  const given = Object.entries(variables).flatMap(([name, value]) => {
    if (name.startsWith('$') || !new RegExp(`\\b${name}\\b`).test(text)) return [];
    return [`${name} := ${valueText(value)}`];
  });
  const modifiers = expression.with.map(({ location }) => textAt(test, location)).join(' ');
  const query = [...given, `writ_value := ${text} ${modifiers}`].join('; ');
  if (query.length > TEXT_LENGTH_MAX) return undefined;
  const { query: prepared } = policy.prepareQuery(query, {
    package: test.module.package.path.join('/'),
    version: test.module.version,
  });
  const result = prepared?.evaluate(undefined, { ...evaluation, deadlineMs: PART_MS_MAX });
  if (result?.kind !== 'bindings' || result.bindings.length > 1) return undefined;
  const [row] = result.bindings;
  return { value: row === undefined ? undefined : shownText(row['writ_value']!) };
}

function shownText(value: Value): string {
  return shortened(valueText(value), TEXT_LENGTH_MAX);
}

function indentOf({ module }: Test, { start }: Location): string {
  const before = module.text.slice(module.text.lastIndexOf('\n', start - 1) + 1, start);
  return [...before].map((character) => (character === '\t' ? '\t' : ' ')).join('');
}

function textAt({ module }: Test, { start, end }: Location): string {
  return module.text.slice(start, end);
}

/** The variables, references and calls that a literal is made of, outer ones first. */
function termsOf(expression: Expression): Term[] {
  switch (expression.kind) {
    case 'term-expression':
      // The literal itself, where it is a call, just failed.
      return expression.term.kind === 'call'
        ? expression.term.args.flatMap(partsIn)
        : partsIn(expression.term);
    case 'unify':
    case 'assign':
      return [...partsIn(expression.left), ...partsIn(expression.right)];
    case 'some-in':
    case 'every':
      return partsIn(expression.collection);
    case 'not':
      return expression.body.length === 1 ? termsOf(expression.body[0]!) : [];
    default:
      return [];
  }
}

function partsIn(term: Term): Term[] {
  switch (term.kind) {
    case 'var':
      return term.name.startsWith('$') ? [] : [term];
    case 'ref':
      return [term, ...partsIn(term.head), ...term.parts.flatMap(partsIn)];
    case 'call':
      return [term, ...term.args.flatMap(partsIn)];
    case 'array':
    case 'set':
      return term.items.flatMap(partsIn);
    case 'object':
      return term.entries.flatMap(([key, value]) => [...partsIn(key), ...partsIn(value)]);
    case 'template-string':
      return term.parts.flatMap((part) => ('negated' in part ? termsOf(part) : []));
    default:
      return [];
  }
}
