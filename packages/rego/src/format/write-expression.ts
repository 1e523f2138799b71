import { infixOf, startsWithBrace } from './infix.ts';
import { type Comments, forgetting, type Layout, tolerating } from './layout.ts';
import type {
  FormatBody,
  FormatContent,
  FormatExpression,
  FormatSome,
  FormatTerm,
  FormatWith,
} from './nodes.ts';
import { lineEnds } from './place.ts';
import { termText } from './term-text.ts';
import { writeEvery } from './write-every.ts';
import { isLogical, writeLogical, writeNot } from './write-logical.ts';
import { reportArity, writeMembership, writePlainCall, writeTerm } from './write-term.ts';

/** Writes the literals of a body, one a line; a blank line between two of them stays. */
export function writeBody(layout: Layout, body: FormatBody, comments: Comments): Comments {
  let left = layout.insertComments(comments, body[0]!.place.row);
  for (const [index, expression] of body.entries()) {
    const previous = body[index - 1]?.place;
    if (previous !== undefined && expression.place.row > previous.endRow + 1) layout.blankLine();
    layout.startLine();
    left = tolerating(() => writeExpression(layout, expression, left));
    layout.endLine();
  }
  return left;
}

/** Writes a literal with its `with` modifiers. */
export function writeExpression(layout: Layout, expression: FormatExpression, comments: Comments): Comments {
  const isMarked = layout.parenthesised === expression;
  if (isMarked) layout.parenthesised = undefined;
  let left = layout.insertComments(comments, expression.place.row);
  if (!layout.inline) layout.startLine();
  const { negated, content } = expression;
  const isGrouped =
    negated && (isLogical(expression) || (layout.settings.version2 && startsWithBrace(expression)));
  if (negated) layout.write(isGrouped ? 'not (' : 'not ');
  if (isMarked) layout.write('(');
  left = writeContent(layout, expression, content, left);
  if (isMarked) layout.write(')');
  if (isGrouped) layout.write(')');
  return expression.with.length === 0 ? left : writeWiths(layout, expression, left);
}

function writeContent(
  layout: Layout,
  expression: FormatExpression,
  content: FormatContent,
  comments: Comments,
): Comments {
  switch (content.kind) {
    case 'term':
      return writeTerm(layout, content.term, comments);
    case 'call':
      return writeFunctionCall(layout, content.terms, expression, comments);
    case 'some':
      return forgetting(() => writeSome(layout, content, comments));
    case 'every':
      return forgetting(() => writeEvery(layout, content, expression.place, comments));
    case 'not':
      return forgetting(() => writeNot(layout, content, expression.place, comments));
    case 'and':
    case 'or':
      return writeLogical(layout, expression, content, comments);
  }
}

/** Modifiers stay on the line on which they stood; those on lines of their own are indented. */
function writeWiths(layout: Layout, expression: FormatExpression, comments: Comments): Comments {
  let left = comments;
  let lastRow = endRowOfTerms(expression);
  const [first, ...others] = expression.with;
  let rest = expression.with;
  if (first!.place.row === lastRow) {
    left = writeWith(layout, first!, left, false);
    rest = others;
  }
  let indented = false;
  try {
    for (const modifier of rest) {
      const onOwnLine = modifier.place.row > lastRow;
      if (onOwnLine) {
        if (!indented) layout.up();
        indented = true;
        layout.endLine();
        layout.startLine();
        lastRow = modifier.place.row;
      }
      left = writeWith(layout, modifier, left, onOwnLine);
    }
  } finally {
    if (indented) layout.down();
  }
  return left;
}

/** The row on which an expression ends without its modifiers. */
function endRowOfTerms({ place, with: modifiers }: FormatExpression): number {
  const length = modifiers[0]!.place.start - place.start;
  const text = length > 0 && length <= place.text.length ? place.text.slice(0, length) : place.text;
  return place.row + lineEnds(text.replace(/[ \t\r\n]+$/, ''));
}

function writeWith(layout: Layout, modifier: FormatWith, comments: Comments, onOwnLine: boolean): Comments {
  const left = forgetting(() => {
    const rest = layout.insertComments(comments, modifier.place.row);
    layout.write(onOwnLine ? 'with ' : ' with ');
    return writeTerm(layout, modifier.target, rest);
  });
  layout.write(' as ');
  return tolerating(() => writeTerm(layout, modifier.value, left));
}

function writeSome(layout: Layout, { symbols, place }: FormatSome, comments: Comments): Comments {
  let left = layout.insertComments(comments, place.row);
  layout.write('some ');
  let { row } = place;
  for (const [index, symbol] of symbols.entries()) {
    if (symbol.kind === 'call') {
      left = writeMembership(layout, false, symbol.terms.slice(1), left, place);
    } else if (symbol.kind === 'var') {
      if (symbol.place.row > row) {
        layout.endLine();
        layout.startLine();
        layout.indentOnce();
        row = symbol.place.row;
      } else if (index > 0) {
        layout.write(' ');
      }
      left = writeTerm(layout, symbol, left);
      if (index < symbols.length - 1) layout.write(',');
    }
  }
  return left;
}

function writeFunctionCall(
  layout: Layout,
  terms: readonly FormatTerm[],
  { place }: FormatExpression,
  comments: Comments,
): Comments {
  const [operator, ...operands] = terms;
  const name = termText(operator!);
  if (name === 'internal.member_2' || name === 'internal.member_3')
    return writeMembership(layout, false, operands, comments, operator!.place);
  const infix = infixOf(operator!);
  if (infix === undefined) return writePlainCall(layout, terms, comments);
  const [first, second, result] = operands;
  if (operands.length === infix.arity + 1) {
    const left = forgetting(() => writeTerm(layout, result!, comments));
    layout.write(' = ');
    return forgetting(() => writeOperands(layout, first!, infix.sign, second!, left));
  }
  if (operands.length === infix.arity) return writeOperands(layout, first!, infix.sign, second!, comments);
  reportArity(layout, operator!, place);
  return writePlainCall(layout, terms, comments);
}

function writeOperands(
  layout: Layout,
  first: FormatTerm,
  sign: string,
  second: FormatTerm,
  comments: Comments,
): Comments {
  const left = forgetting(() => writeTerm(layout, first, comments));
  layout.write(` ${sign} `);
  return writeTerm(layout, second, left);
}
