import { keywordsOf } from '../syntax/token.ts';
import { compare, quote, type Value, valueText } from '../value/index.ts';
import type {
  Callee,
  CoreComprehension,
  CoreExpression,
  CoreOperand,
  CoreRef,
  CoreTerm,
  CoreWith,
  WithReplacement,
  WithTarget,
} from './core.ts';

const NAME = /^[A-Za-z_]\w*$/;

/** A step of a path as OPA writes it in references: `.name`, or in brackets where it is no plain name. */
export function stepText(step: string): string {
  if (NAME.test(step) && !keywordsOf(1).has(step)) return `.${step}`;
  return /[\\\p{Cc}]/u.test(step) ? `[${quote(step)}]` : `["${step}"]`;
}

/** The path as users write it: `data.a.b`. */
export function dataPath(path: readonly string[]): string {
  return `data${path.map(stepText).join('')}`;
}

/** What is called, as it is written. */
export function calleeText(callee: Callee): string {
  return callee.kind === 'function' ? dataPath(callee.path) : callee.name;
}

/** A reference with the first so many of its parts. */
export function refText(ref: CoreRef, parts = ref.parts.length): string {
  const root = typeof ref.root === 'string' ? ref.root : termText(ref.root);
  return ref.parts.slice(0, parts).reduce((text, part) => text + partText(part), root);
}

function partText(part: CoreTerm): string {
  return part.kind === 'constant' && typeof part.value === 'string'
    ? stepText(part.value)
    : `[${termText(part)}]`;
}

const TEXTS: { readonly [K in CoreTerm['kind']]: (term: Extract<CoreTerm, { kind: K }>) => string } = {
  constant: ({ value }) => valueText(value),
  variable: ({ variable }) => {
    if (variable.origin === 'wildcard') return '_';
    if (variable.text !== undefined) return variable.text;
    return variable.standsFor === undefined ? variable.name : termText(variable.standsFor);
  },
  ref: (term) => refText(term),
  array: ({ items }) => `[${items.map(termText).join(', ')}]`,
  set: ({ items }) =>
    items.length === 0
      ? 'set()'
      : `{${inOrder(items, (item) => item)
          .map(termText)
          .join(', ')}}`,
  object: ({ entries }) =>
    `{${inOrder(entries, ([key]) => key)
      .map(([key, value]) => `${termText(key)}: ${termText(value)}`)
      .join(', ')}}`,
  call: ({ callee, args }) => `${calleeText(callee)}(${args.map(termText).join(', ')})`,
  comprehension: (term) => comprehensionText(term),
};

/** Members in the order of values, where all are known. */
function inOrder<T>(members: readonly T[], term: (member: T) => CoreTerm): readonly T[] {
  const known = members.map((member) => [term(member), member] as const);
  if (!known.every(([one]) => one.kind === 'constant')) return members;
  return known.sort(([a], [b]) => compare(constantValue(a), constantValue(b))).map(([, member]) => member);
}

function constantValue(term: CoreTerm): Value {
  return term.kind === 'constant' ? term.value : null;
}

/** A resolved term as OPA writes it in messages. */
export function termText(term: CoreTerm): string {
  return TEXTS[term.kind](term as never);
}

const BRACKETS = { array: ['[', ']'], set: ['{', '}'], object: ['{', '}'] } as const;

function comprehensionText({ result, key, term, body }: CoreComprehension): string {
  const [open, close] = BRACKETS[result];
  const head = key === undefined ? termText(term) : `${termText(key)}: ${termText(term)}`;
  return `${open}${head} | ${body.map(expressionText).join('; ')}${close}`;
}

function expressionText(expression: CoreExpression): string {
  return plainText(expression) + expression.with.map(withText).join('');
}

function withText({ target, replacement }: CoreWith): string {
  return ` with ${targetText(target)} as ${replacement.kind === 'term' ? termText(replacement.term) : targetText(replacement)}`;
}

function targetText(target: WithTarget | Exclude<WithReplacement, { kind: 'term' }>): string {
  if (target.kind === 'builtin') return target.name;
  return `${target.kind === 'input' ? 'input' : 'data'}${target.path.map(stepText).join('')}`;
}

function plainText(expression: CoreExpression): string {
  const not = expression.negated ? 'not ' : '';
  switch (expression.kind) {
    case 'test':
      return not + termText(expression.term);
    case 'equal':
      return `${not}${termText(expression.left)} = ${termText(expression.right)}`;
    case 'call':
      return `${not}${calleeText(expression.callee)}(${expression.args.map(termText).join(', ')})`;
    case 'every': {
      const names = [expression.key, expression.value].flatMap((one) => one?.name ?? []).join(', ');
      const body = expression.body.map(expressionText).join('; ');
      return `every ${names} in ${termText(expression.domain)} { ${body} }`;
    }
    case 'logical': {
      const operands = expression.operands.map(operandText);
      return expression.operator === 'not' ? `not ${operands[0]}` : operands.join(` ${expression.operator} `);
    }
  }
}

function operandText({ body, explicit }: CoreOperand): string {
  const text = body.map(expressionText).join('; ');
  return explicit ? `{ ${text} }` : text;
}
