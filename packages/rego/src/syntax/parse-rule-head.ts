import type { Term } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { stringTerm } from './nodes.ts';
import { isTail, parseTail, parseVar } from './parse-reference.ts';
import type { HeadDraft } from './rule-draft.ts';
import type { Token, TokenKind } from './token.ts';

const OPERATOR_KINDS: ReadonlySet<TokenKind> = new Set<TokenKind>([
  ...(['+', '-', '*', '/', '%', '&', '|', '==', '!=', '>', '>=', '<', '<='] as const),
]);

interface Name {
  readonly ref: readonly Term[];
  readonly args?: readonly Term[];
}

/** The name and arguments that a term in a head's place stands for; a string says in OPA's words why it cannot. */
export function nameOf(term: Term, text: string): Name | string {
  if (term.kind === 'var') return { ref: [stringTerm(term.name, term.location)] };
  if (term.kind === 'ref') {
    if (term.head.kind !== 'var')
      return `invalid rule head: ${text.slice(term.location.start, term.location.end)}`;
    return { ref: [stringTerm(term.head.name, term.head.location), ...term.parts] };
  }
  if (term.kind === 'call') {
    const ref = term.operator.map((part, index) => stringTerm(part, term.stepLocations[index]!));
    return term.args.length > 0 ? { ref, args: term.args } : { ref };
  }
  return 'rule head';
}

/** Reads a head: name, arguments and what is assigned or contained; the cursor stands on the name. */
export function parseHead(cursor: Cursor, isDefault: boolean): HeadDraft | undefined {
  const first = cursor.token;
  const variable = parseVar(cursor);
  if (OPERATOR_KINDS.has(cursor.kind) && !cursor.token.spaceBefore) return cursor.unexpected();
  const term = isTail(cursor, true) ? parseTail(cursor, variable) : variable;
  if (!term) return undefined;
  const name = nameOf(term, cursor.text);
  if (typeof name === 'string') return undefined;
  const head = { ...name, assigned: false };
  const written = cursor.text.slice(first.start, cursor.previous.end);
  if (cursor.kind === 'contains') return parseMember(cursor, first, head, written);
  if (cursor.kind !== '=' && cursor.kind !== ':=') return { ...head, location: cursor.span(first) };
  const assigned = cursor.kind === ':=';
  cursor.advance();
  const value = cursor.grammar.infix(cursor);
  if (!value) return cursor.unexpected(expectedValue(head, isDefault, written));
  return { ...head, assigned, value, location: cursor.span(first) };
}

function parseMember(
  cursor: Cursor,
  first: Token,
  head: Omit<HeadDraft, 'location'>,
  written: string,
): HeadDraft | undefined {
  if (head.args) {
    const note = `the contains keyword can only be used with multi-value rule definitions (e.g., ${written} contains <VALUE> { ... })`;
    return cursor.unexpected(note);
  }
  cursor.advance();
  const member = cursor.grammar.infix(cursor);
  if (!member) return cursor.unexpected(`expected rule key term (e.g., ${written} contains <VALUE> { ... })`);
  return { ...head, member, location: cursor.span(first) };
}

function expectedValue(head: Omit<HeadDraft, 'location'>, isDefault: boolean, written: string): string {
  if (head.args) return `expected function value term (e.g., ${written} := <VALUE> { ... })`;
  if (isDefault) return `expected default rule value term (e.g., default ${written} := <VALUE>)`;
  return `expected rule value term (e.g., ${written} := <VALUE> { ... })`;
}
