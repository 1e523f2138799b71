import { SIGNATURES } from '../builtins/signatures.ts';
import type { FormatCall, FormatExpression, FormatTerm } from './nodes.ts';
import { termText } from './term-text.ts';

/** A builtin that is written between its operands. */
export interface Infix {
  readonly sign: string;
  readonly arity: number;
}

const INFIX: ReadonlyMap<string, Infix> = new Map(
  SIGNATURES.flatMap(({ name, infix, args }) =>
    infix === undefined ? [] : [[name, { sign: infix, arity: args.length }] as const],
  ),
);

export function infixOf(operator: FormatTerm): Infix | undefined {
  return INFIX.get(termText(operator));
}

/** A call of the union of sets: in a collection or a comprehension its `|` would read as the comprehension's. */
export function isUnionCall(term: FormatTerm): boolean {
  return term.kind === 'call' && termText(term.terms[0]!) === 'or';
}

/** An expression that is a bare `x | y`. */
export function isUnionExpression({ content }: FormatExpression): boolean {
  return content.kind === 'call' && content.terms.length === 3 && termText(content.terms[0]!) === 'or';
}

/** The operand that an infix call is written with first: the result in `z = x | y`, else the left one. */
export function leadOperand(terms: readonly FormatTerm[]): FormatTerm | undefined {
  const infix = infixOf(terms[0]!);
  if (infix === undefined) return undefined;
  if (terms.length === infix.arity + 1) return terms[1];
  return terms.length === infix.arity + 2 ? terms.at(-1) : undefined;
}

/** Written, it starts with a brace: as an operand of `not`, `and` or `or` it would read as a body. */
export function startsWithBrace({ content }: FormatExpression): boolean {
  if (content.kind === 'term') return termStartsWithBrace(content.term);
  const lead = content.kind === 'call' ? leadOperand(content.terms) : undefined;
  return lead !== undefined && termStartsWithBrace(lead);
}

function termStartsWithBrace(term: FormatTerm): boolean {
  switch (term.kind) {
    case 'set':
      return term.items.length > 0;
    case 'object':
      return true;
    case 'comprehension':
      return term.brackets === '{}';
    case 'ref':
      return term.parts.length > 0 && termStartsWithBrace(term.parts[0]!);
    case 'call':
      return callStartsWithBrace(term);
    default:
      return false;
  }
}

function callStartsWithBrace({ terms }: FormatCall): boolean {
  const infix = infixOf(terms[0]!);
  return infix !== undefined && terms.length === infix.arity + 1 && termStartsWithBrace(terms[1]!);
}
