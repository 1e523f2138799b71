import type { Body, Expression, Location, LogicalOperand, Term, With } from './ast.ts';
import type { AstJson, AstLocations, AstObject, AstTerm } from './ast-json.ts';
import { numberJson } from './ast-json.ts';
import { compareTerms } from './ast-order.ts';
import { groupOf } from './groups.ts';

type Printer<Node extends { readonly kind: string }, Result> = {
  readonly [Kind in Node['kind']]: (node: Extract<Node, { kind: Kind }>, at: AstLocations) => Result;
};

function named(type: string, value: AstJson, location: Location, at: AstLocations): AstTerm {
  return { ...at.of(location), type, value };
}

const TERMS: Printer<Term, AstTerm> = {
  null: ({ location }, at) => named('null', {}, location, at),
  boolean: ({ value, location }, at) => named('boolean', value, location, at),
  string: ({ value, location }, at) => named('string', value, location, at),
  number: ({ text, location }, at) => named('number', numberJson(text), signOf(text, location), at),
  var: (term, at) => {
    const variable = named('var', term.name, term.location, at);
    return isRoot(term) ? named('ref', [variable], term.location, at) : variable;
  },
  ref: ({ head, parts, location }, at) => ({
    ...at.of({ ...location, row: head.location.row, column: head.location.column }, referenceStart(head)),
    type: 'ref',
    value: [headToAst(head, at), ...parts.map((part) => termToAst(part, at))],
  }),
  array: ({ items, location }, at) =>
    named(
      'array',
      items.map((item) => termToAst(item, at)),
      location,
      at,
    ),
  set: ({ items, location }, at) =>
    named('set', sortedMembers(items.map((item) => termToAst(item, at))), location, at),
  object: ({ entries, location }, at) => {
    const pairs = entries.map(([key, value]) => [termToAst(key, at), termToAst(value, at)] as const);
    return named('object', sortedEntries(pairs), location, at);
  },
  'array-comprehension': ({ term, body, location }, at) =>
    named('arraycomprehension', { term: termToAst(term, at), body: bodyToAst(body, at) }, location, at),
  'set-comprehension': ({ term, body, location }, at) =>
    named('setcomprehension', { term: termToAst(term, at), body: bodyToAst(body, at) }, location, at),
  'object-comprehension': ({ key, value, body, location }, at) => {
    const parts = { key: termToAst(key, at), value: termToAst(value, at), body: bodyToAst(body, at) };
    return named('objectcomprehension', parts, location, at);
  },
  call: (term, at) => named('call', callToAst(term, at), term.location, at),
  'template-string': ({ parts, raw, location }, at) => {
    const printed = parts.map((part) =>
      'negated' in part ? expressionToAst(part, at) : termToAst(part, at),
    );
    const none = printed.length === 0;
    return named('templatestring', { parts: none ? null : printed, multi_line: raw }, location, at);
  },
};

/** A term in the shape of OPA's JSON. */
export function termToAst(term: Term, at: AstLocations): AstTerm {
  const printed = (TERMS[term.kind] as (term: Term, at: AstLocations) => AstTerm)(term, at);
  const group = groupOf(term);
  // The text of a term in parentheses holds them; its place does not.
  return group === undefined
    ? printed
    : { ...printed, ...at.of({ ...term.location, end: group.end }, group.start) };
}

/** A number with a sign is placed at the sign, which is all of its text. */
function signOf(text: string, location: Location): Location {
  return text.startsWith('-') ? { ...location, end: location.start + 1 } : location;
}

/** Where the text of a reference begins: with its name, or with what closes its head. */
function referenceStart(head: Term): number {
  if (head.kind === 'var') return head.location.start;
  const group = groupOf(head);
  if (head.kind === 'call' && group === undefined) return head.location.start;
  return (group ?? head.location).end - 1;
}

function isRoot(term: Term): boolean {
  return term.kind === 'var' && (term.name === 'input' || term.name === 'data');
}

/** What a reference starts with: `input` and `data` are variables there. */
function headToAst(head: Term, at: AstLocations): AstTerm {
  return head.kind === 'var' ? named('var', head.name, head.location, at) : termToAst(head, at);
}

function sortedMembers(members: readonly AstTerm[]): readonly AstTerm[] {
  const sorted = [...members].sort(compareTerms);
  return sorted.filter((member, index) => index === 0 || compareTerms(sorted[index - 1]!, member) !== 0);
}

type Entry = readonly [key: AstTerm, value: AstTerm];

/** A key that stands twice is shown twice, as OPA does, although only the last one counts. */
function sortedEntries(entries: readonly Entry[]): readonly Entry[] {
  return [...entries].sort(([a], [b]) => compareTerms(a, b));
}

function operatorToAst(
  path: readonly string[],
  location: Location,
  at: AstLocations,
  places: readonly Location[] = [],
): AstTerm {
  const steps = path.map((part, index) =>
    named(index === 0 ? 'var' : 'string', part, places[index] ?? location, at),
  );
  return named('ref', steps, location, at);
}

function callToAst(call: Extract<Term, { kind: 'call' }>, at: AstLocations): readonly AstTerm[] {
  return [
    operatorToAst(call.operator, call.operatorLocation, at, call.stepLocations),
    ...call.args.map((argument) => termToAst(argument, at)),
  ];
}

/** A body in the shape of OPA's JSON. */
export function bodyToAst(body: Body, at: AstLocations): readonly AstObject[] {
  return body.map((expression) => expressionToAst(expression, at));
}

/** An expression in the shape of OPA's JSON. */
export function expressionToAst(expression: Expression, at: AstLocations): AstObject {
  const { index, location, negated } = expression;
  const modifiers = expression.with.map((modifier) => withToAst(modifier, at));
  return {
    index,
    ...at.of(location),
    ...(negated && { negated }),
    terms: (CONTENTS[expression.kind] as (e: Expression, at: AstLocations) => AstJson)(expression, at),
    ...(modifiers.length > 0 && { with: modifiers }),
  };
}

function withToAst({ target, value, location }: With, at: AstLocations): AstObject {
  return { ...at.of(location), target: termToAst(target, at), value: termToAst(value, at) };
}

const CONTENTS: Printer<Expression, AstJson> = {
  'term-expression': ({ term }, at) => (term.kind === 'call' ? callToAst(term, at) : termToAst(term, at)),
  unify: ({ left, right, operatorLocation }, at) => [
    operatorToAst(['eq'], operatorLocation, at),
    termToAst(left, at),
    termToAst(right, at),
  ],
  assign: ({ left, right, operatorLocation }, at) => [
    operatorToAst(['assign'], operatorLocation, at),
    termToAst(left, at),
    termToAst(right, at),
  ],
  some: ({ names, location }, at) => ({
    ...at.word(location, 'some'.length),
    symbols: names.map((name) => termToAst(name, at)),
  }),
  'some-in': ({ membership, location }, at) => ({
    ...at.word(location, 'some'.length),
    symbols: [termToAst(membership, at)],
  }),
  every: ({ key, value, collection, body, location }, at) => ({
    body: bodyToAst(body, at),
    domain: termToAst(collection, at),
    key: key ? termToAst(key, at) : null,
    ...at.word(location, 'every'.length),
    value: termToAst(value, at),
  }),
  not: ({ body, explicit }, at) => ({ body: bodyToAst(body, at), explicit_body: explicit, type: 'not' }),
  logical: ({ operator, left, right }, at) => ({
    ...explicitSide('lhs', left),
    ...explicitSide('rhs', right),
    lhs: bodyToAst(left.body, at),
    rhs: bodyToAst(right.body, at),
    type: operator,
  }),
};

function explicitSide(side: 'lhs' | 'rhs', { explicit }: LogicalOperand): AstObject {
  return explicit ? { [`explicit_${side}`]: true } : {};
}
