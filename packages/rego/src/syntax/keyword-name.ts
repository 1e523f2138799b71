import type { Cursor } from './cursor.ts';
import type { TokenKind } from './token.ts';

const RULE_FOLLOWERS: readonly TokenKind[] = [':=', '=', 'if', 'contains', '('];
const OPERATOR_FOLLOWERS: readonly TokenKind[] = [':=', '=', 'if', 'contains'];
const PATH_FOLLOWERS: readonly TokenKind[] = [':=', '=', '('];

/** What, after a keyword, shows that a rule was meant to have its name. */
const KEYWORD_FOLLOWERS: Partial<Record<TokenKind, readonly TokenKind[]>> = {
  every: RULE_FOLLOWERS,
  if: RULE_FOLLOWERS,
  in: RULE_FOLLOWERS,
  some: RULE_FOLLOWERS,
  as: RULE_FOLLOWERS,
  package: PATH_FOLLOWERS,
  import: PATH_FOLLOWERS,
  not: OPERATOR_FOLLOWERS,
  and: OPERATOR_FOLLOWERS,
  or: OPERATOR_FOLLOWERS,
  contains: ['if', 'contains'],
};

/**
 * Reports a keyword in the place of a rule's name. After `default` only a name can stand; elsewhere the token after it
 * shows what was meant.
 */
export function reportKeywordName(cursor: Cursor, isDefault = false): boolean {
  const followers = KEYWORD_FOLLOWERS[cursor.kind];
  if (!followers || (!isDefault && !followers.includes(cursor.kindOf(cursor.ahead())))) return false;
  cursor.fail(`${cursor.kind} keyword cannot be used for rule name`);
  return true;
}
