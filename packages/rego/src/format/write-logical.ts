import { infixOf, isUnionCall, isUnionExpression, leadOperand, startsWithBrace } from './infix.ts';
import { type Comments, type Layout, tolerating } from './layout.ts';
import type { FormatBody, FormatExpression, FormatLogical, FormatNot } from './nodes.ts';
import { closingRow, lineEnds, type Place } from './place.ts';
import { writeComprehensionBody } from './write-comprehension-body.ts';

/** One operand of a chain of `and` or `or`. */
interface Operand {
  readonly body: FormatBody;
  /** In braces; then where they open. */
  readonly brace: Place | undefined;
  readonly inParentheses: boolean;
}

interface Step {
  readonly sign: 'and' | 'or';
  readonly right: Operand;
  /** The row on which everything left of the operator ends. */
  readonly leftEndRow: number;
}

export function isLogical({ content }: FormatExpression): boolean {
  return content.kind === 'and' || content.kind === 'or';
}

/** Writes `not` with the body that it wraps. */
export function writeNot(layout: Layout, not: FormatNot, place: Place, comments: Comments): Comments {
  let left = layout.insertComments(comments, place.row);
  layout.write('not ');
  const [first] = not.body;
  if (not.isExplicit || not.body.length > 1) return writeBraced(layout, not.body, place, left);
  const inParentheses = isNotOperandGrouped(first!);
  if (inParentheses) layout.write('(');
  left = tolerating(() => layout.productions.expression(layout, first!, left));
  if (inParentheses) layout.write(')');
  return left;
}

/** Without parentheses the operand of `not` would read as something else. */
function isNotOperandGrouped(expression: FormatExpression): boolean {
  const { content, with: modifiers } = expression;
  return (
    modifiers.length > 0 || isLogical(expression) || content.kind === 'not' || startsWithBrace(expression)
  );
}

function writeBraced(layout: Layout, body: FormatBody, place: Place, comments: Comments): Comments {
  const first = body[0]!;
  if (isUnionExpression(first)) layout.parenthesised = first;
  layout.write('{');
  const left = tolerating(() => writeComprehensionBody(layout, '{}', body, place, place, comments));
  if (body.at(-1)!.place.row === place.row) layout.write(' ');
  layout.write('}');
  return left;
}

/** Writes a chain of `and` or `or`; operands that stood on lines of their own are indented. */
export function writeLogical(
  layout: Layout,
  expression: FormatExpression,
  content: FormatLogical,
  comments: Comments,
): Comments {
  const { first, steps } = flatten(expression.place, content);
  let left = tolerating(() => writeOperand(layout, first, comments));
  let indented = false;
  try {
    for (const step of steps) {
      layout.write(` ${step.sign}`);
      if (breaksLine(step)) {
        if (!indented) layout.up();
        indented = true;
        layout.endLine();
        layout.startLine();
      } else {
        layout.write(' ');
      }
      left = tolerating(() => writeOperand(layout, step.right, left));
    }
  } finally {
    if (indented) layout.down();
  }
  return left;
}

function breaksLine({ right, leftEndRow }: Step): boolean {
  const start = right.brace ?? right.body[0]?.place;
  return start !== undefined && start.row > leftEndRow;
}

function writeOperand(layout: Layout, operand: Operand, comments: Comments): Comments {
  const { body, brace, inParentheses } = operand;
  if (brace !== undefined) return writeBraced(layout, body, brace, comments);
  if (!inParentheses) return layout.productions.expression(layout, body[0]!, comments);
  layout.write('(');
  try {
    return layout.productions.expression(layout, body[0]!, comments);
  } finally {
    layout.write(')');
  }
}

/** Chains lean to the left; their operands make one chain, unless parentheses keep a part together. */
function flatten(
  place: Place,
  node: FormatLogical,
): { readonly first: Operand; readonly steps: readonly Step[] } {
  const { kind: sign, left, isLeftExplicit } = node;
  const right = operandOf(node.right, node.isRightExplicit, sign, true, place);
  const [inner] = left;
  if (!isLeftExplicit && left.length === 1 && isLogical(inner!) && !isGrouped(inner!, sign, false)) {
    const { first, steps } = flatten(inner!.place, inner!.content as FormatLogical);
    return { first, steps: [...steps, { sign, right, leftEndRow: bodyEndRow(left) }] };
  }
  const first = operandOf(left, isLeftExplicit, sign, false, place);
  return { first, steps: [{ sign, right, leftEndRow: operandEndRow(first) }] };
}

function operandOf(
  body: FormatBody,
  isExplicit: boolean,
  parent: 'and' | 'or',
  isRight: boolean,
  place: Place,
): Operand {
  if (isExplicit || body.length !== 1)
    return { body, brace: openingBrace(place, body), inParentheses: false };
  return { body, brace: undefined, inParentheses: isGrouped(body[0]!, parent, isRight) };
}

/** Without parentheses the operand would read as something else. */
function isGrouped(expression: FormatExpression, parent: 'and' | 'or', isRight: boolean): boolean {
  if (expression.with.length > 0) return true;
  switch (expression.content.kind) {
    case 'or':
      return parent === 'and' || isRight;
    case 'and':
      return parent === 'and' && isRight;
    default:
      return startsWithBrace(expression);
  }
}

function operandEndRow({ body, brace }: Operand): number {
  const row = brace === undefined ? -1 : closingRow(brace, '{}');
  return row > 0 ? row : bodyEndRow(body);
}

function bodyEndRow(body: FormatBody): number {
  const place = body.at(-1)?.place;
  return place === undefined ? 0 : place.row + lineEnds(place.text.replace(/[ \t\r\n]+$/, ''));
}

/** The brace that opens a body inside a longer text. */
function openingBrace(place: Place, body: FormatBody): Place {
  const first = body[0]?.place;
  if (first === undefined) return place;
  const { text } = place;
  const before = Math.min(first.start - place.start, text.length);
  const at = before <= 0 ? -1 : text.lastIndexOf('{', before - 1);
  if (at < 0) return place;
  return place.with({ row: place.row + lineEnds(text.slice(0, at)), start: place.start + at });
}

/**
 * A union that leads what is written after the brace of a rule's body gets parentheses: `x | y` reads as a comprehension
 * there.
 */
export function markLeadingUnion(layout: Layout, expression: FormatExpression): void {
  const { content, negated, place } = expression;
  if (negated) return;
  if (content.kind === 'and' || content.kind === 'or') {
    const { first } = flatten(place, content);
    if (first.brace === undefined && !first.inParentheses) markLeadingUnion(layout, first.body[0]!);
  } else if (isUnionExpression(expression)) {
    layout.parenthesised = expression;
  } else if (content.kind === 'call' && infixOf(content.terms[0]!) !== undefined) {
    const lead = leadOperand(content.terms);
    if (lead !== undefined && isUnionCall(lead)) layout.parenthesised = lead;
  }
}
