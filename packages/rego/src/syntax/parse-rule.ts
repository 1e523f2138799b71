import type { Body, Term, VarTerm } from './ast.ts';
import { checkDefault } from './check-default.ts';
import type { Cursor } from './cursor.ts';
import { reportKeywordName } from './keyword-name.ts';
import { mendMissingBraces, mendTrailingWith } from './mends.ts';
import { booleanTerm, node, varTerm } from './nodes.ts';
import { parseLiteral } from './parse-expression.ts';
import { isReferenceAhead, takeKeywordReference } from './parse-reference.ts';
import { parseHead } from './parse-rule-head.ts';
import { type ElseDraft, type HeadDraft, hasVariables, type RuleDraft } from './rule-draft.ts';
import type { Token } from './token.ts';

/** A body with the brace that opened it. */
interface ReadBody {
  readonly body: Body;
  readonly open?: Token;
}

/**
 * Reads a rule with its `else` branches and the bodies chained to it. `undefined` without a diagnostic means that the
 * text is no rule with a body: it may be one that only gives a value.
 */
export function parseRule(cursor: Cursor): readonly RuleDraft[] | undefined {
  const first = cursor.token;
  takeKeywordReference(cursor);
  const isDefault = cursor.kind === 'default';
  if (isDefault) {
    cursor.advance();
    takeKeywordReference(cursor);
  }
  if (cursor.kind !== 'identifier') {
    if (isDefault) reportKeywordName(cursor, true);
    return undefined;
  }
  const head = parseHead(cursor, isDefault);
  if (!head) return undefined;
  return isDefault ? finishDefault(cursor, first, head) : finishRule(cursor, first, head);
}

function finishDefault(cursor: Cursor, first: Token, head: HeadDraft): readonly RuleDraft[] | undefined {
  const location = cursor.span(first);
  if (!checkDefault(cursor, head, location)) return undefined;
  const generatedValue = !head.value;
  return [
    {
      isDefault: true,
      head,
      body: [],
      elses: [],
      hasIf: false,
      generatedBody: false,
      generatedValue,
      trueLocation: cursor.at(first),
      location,
    },
  ];
}

function finishRule(cursor: Cursor, first: Token, head: HeadDraft): readonly RuleDraft[] | undefined {
  const hasIf = cursor.kind === 'if';
  const generatedValue = !head.value && !head.member;
  const common = { isDefault: false, head, hasIf, generatedValue };
  if (!hasIf && cursor.kind !== '{') {
    if (!head.member) return undefined;
    const trueLocation = cursor.at(first);
    return [{ ...common, body: [], elses: [], generatedBody: true, trueLocation, location: head.location }];
  }
  if (hasIf) cursor.advance();
  const read = hasIf ? parseIfBody(cursor) : parseBracedBody(cursor);
  if (!read) return undefined;
  const elses = parseElses(cursor, head, hasIf);
  if (!elses) return undefined;
  const rule: RuleDraft = { ...common, ...read, elses, generatedBody: false, location: cursor.span(first) };
  return parseChained(cursor, rule);
}

/** A body after `if`: one literal, or literals in braces. `{x}` is a body, `{"a": x}` and a comprehension are literals. */
function parseIfBody(cursor: Cursor): ReadBody | undefined {
  const isBrace = cursor.kind === '{';
  const before = cursor.mark();
  const literal = parseLiteral(cursor);
  if (literal && !(isBrace && literal.kind === 'term-expression' && literal.term.kind === 'set')) {
    const body = cursor.kind === ';' && !isBrace ? mendMissingBraces(cursor, literal) : [literal];
    return body && { body };
  }
  if (!isBrace) return undefined;
  cursor.reset(before);
  return parseBracedBody(cursor);
}

function parseBracedBody(cursor: Cursor): ReadBody | undefined {
  const open = cursor.token;
  cursor.advance();
  const body = cursor.grammar.body(cursor, '}');
  if (!body) return undefined;
  cursor.advance();
  const isModifier = cursor.kind === 'with' && !isReferenceAhead(cursor);
  if (isModifier && !mendTrailingWith(cursor, open, body)) return undefined;
  return { body, open };
}

function parseElses(cursor: Cursor, head: HeadDraft, hasIf: boolean): readonly ElseDraft[] | undefined {
  const elses: ElseDraft[] = [];
  while (cursor.kind === 'else' && !takeKeywordReference(cursor)) {
    if (head.ref.length > 1 && hasVariables(head) && (head.value || hasIf || head.ref.length > 2)) {
      return cursor.fail('else keyword cannot be used on rules with variables in head');
    }
    if (head.member || (!hasIf && !head.args && head.ref.length === 2)) {
      return cursor.fail('else keyword cannot be used on multi-value rules');
    }
    const branch = parseElse(cursor, head);
    if (!branch) return undefined;
    elses.push(branch);
    if (branch.generatedBody) break;
  }
  return elses;
}

function parseElse(cursor: Cursor, head: HeadDraft): ElseDraft | undefined {
  const first = cursor.token;
  const args = freshArguments(cursor, head).args ?? [];
  cursor.advance();
  let value: Term = booleanTerm(true, cursor.at(first));
  let { assigned } = head;
  let headLocation = cursor.at(first);
  const generatedValue = !cursor.is(':=', '=');
  if (!generatedValue) {
    assigned = cursor.is(':=');
    cursor.advance();
    const written = cursor.grammar.infix(cursor);
    if (!written) return undefined;
    value = written;
    headLocation = cursor.span(first);
  } else if (!cursor.is('{', 'if')) {
    return cursor.unexpected('expected else value term or rule body');
  }
  const hasIf = cursor.kind === 'if';
  const common = { args, value, assigned, generatedValue, hasIf, headLocation };
  if (!hasIf && cursor.kind !== '{') {
    return { ...common, body: [], generatedBody: true, location: cursor.span(first) };
  }
  if (hasIf) cursor.advance();
  const read = cursor.kind === '{' ? parseBracedBody(cursor) : parseElseLiteral(cursor);
  return read && { ...common, ...read, generatedBody: false, location: cursor.span(first) };
}

function parseElseLiteral(cursor: Cursor): ReadBody | undefined {
  if (cursor.kind === 'eof') return cursor.unexpected('rule body expected');
  const literal = parseLiteral(cursor);
  if (!literal) return undefined;
  const body = cursor.kind === ';' ? mendMissingBraces(cursor, literal) : [literal];
  return body && { body };
}

/** `p { … } { … }`: each further body makes a rule with the same head. */
function parseChained(cursor: Cursor, rule: RuleDraft): readonly RuleDraft[] | undefined {
  const rules = [rule];
  while (cursor.kind === '{') {
    if (rule.elses.length > 0) return cursor.fail('expected else keyword');
    const open = cursor.token;
    const read = parseBracedBody(cursor);
    if (!read) return undefined;
    const location = cursor.span(open);
    const head = { ...rule.head, ...freshArguments(cursor, rule.head), location };
    rules.push({ ...rule, ...read, head, location });
  }
  return rules;
}

/** Wildcards among the arguments get names of their own in each rule. */
function freshArguments(cursor: Cursor, head: HeadDraft): Pick<HeadDraft, 'args'> {
  if (!head.args) return {};
  const isWildcard = (term: Term): term is VarTerm => term.kind === 'var' && term.name.startsWith('$');
  return {
    args: head.args.map((term) =>
      isWildcard(term) ? varTerm(cursor.wildcard(), term.location) : node(term),
    ),
  };
}
