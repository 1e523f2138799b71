import { CommentInTheWay, type Comments, forgetting, type Layout, tolerating } from './layout.ts';
import type { FormatBody, FormatExpression, FormatHead, FormatRule, FormatTerm } from './nodes.ts';
import { closingRow } from './place.ts';
import { termText } from './term-text.ts';
import { writeBody, writeExpression } from './write-expression.ts';
import { markLeadingUnion } from './write-logical.ts';
import { writeArguments, writeReference, writeTerm } from './write-term.ts';

/** Writes rules with blank lines between them; one-liners that stood one below the other stay together. */
export function writeRules(layout: Layout, rules: readonly FormatRule[], comments: Comments): Comments {
  let left = comments;
  for (const [index, rule] of rules.entries()) {
    left = tolerating(() => layout.insertComments(left, rule.place.row));
    left = tolerating(() => writeRule(layout, rule, left));
    const next = rules[index + 1];
    const isGrouped = next !== undefined && isOneLiner(layout, rule) && isOneLiner(layout, next);
    if (!isGrouped || next.place.row !== rule.place.row + 1) layout.blankLine();
  }
  return left;
}

function isOneLiner(layout: Layout, { body, isDefault, else: otherwise, head }: FormatRule): boolean {
  if (body.length > 1 || isDefault || otherwise !== undefined) return false;
  if (body.length === 1 && isSetExpression(body[0]!)) return false;
  return usesIf(layout, head);
}

function usesIf({ settings }: Layout, head: FormatHead): boolean {
  return (settings.version1 || settings.ifs) && (settings.contains || head.value !== undefined);
}

function isSetExpression({ negated, content }: FormatExpression): boolean {
  return !negated && content.kind === 'term' && content.term.kind === 'set';
}

/** `true` alone: the body that a statement without one has. */
function isAlwaysTrue(body: FormatBody): boolean {
  const [only] = body;
  if (body.length !== 1 || only!.negated || only!.with.length > 0) return false;
  const { content } = only!;
  return content.kind === 'term' && isTrue(content.term);
}

function isTrue(term: FormatTerm): boolean {
  return term.kind === 'boolean' && term.value;
}

function writeRule(layout: Layout, rule: FormatRule, comments: Comments): Comments {
  const { head, body } = rule;
  if (!head.isElse) layout.startLine();
  if (rule.isDefault) layout.write('default ');
  const isConstant = isAlwaysTrue(body) && rule.else === undefined;
  layout.commentOnFinalLine = isConstant;
  let left: Comments;
  let isInterrupted = false;
  try {
    left = writeHead(layout, head, rule.isDefault, isConstant, comments);
  } catch (caught) {
    if (!(caught instanceof CommentInTheWay)) throw caught;
    left = caught.comments;
    isInterrupted = true;
  }
  if (body.length === 0 || isConstant) {
    layout.endLine();
    return left;
  }
  layout.commentOnFinalLine = true;
  const withIf = usesIf(layout, head);
  if (withIf) {
    layout.write(' if');
    if (isInline(rule)) return writeInline(layout, rule, left);
  }
  if (isInterrupted && left.length > 0) {
    layout.write(' { ');
  } else {
    layout.write(' {');
    layout.endLine();
  }
  if (withIf && !head.isElse) markLeadingUnion(layout, body[0]!);
  return writeBlock(layout, rule, left);
}

/** One literal on the line on which the head ends. */
function isInline({ body, head }: FormatRule): boolean {
  return body.length === 1 && body[0]!.place.row === head.place.endRow && !isSetExpression(body[0]!);
}

function writeInline(layout: Layout, rule: FormatRule, comments: Comments): Comments {
  layout.write(' ');
  const left = tolerating(() => writeExpression(layout, rule.body[0]!, comments));
  layout.endLine();
  return rule.else === undefined ? left : forgetting(() => writeElse(layout, rule, rule.else!, left));
}

function writeBlock(layout: Layout, rule: FormatRule, comments: Comments): Comments {
  const { head, place } = rule;
  layout.up();
  const left = tolerating(() => writeBody(layout, rule.body, comments));
  return forgetting(() => {
    const skipped = head.args.length > 0 ? '()' : head.key === undefined ? undefined : '[]';
    const rest = layout.insertComments(left, closingRow(place, '{}', skipped));
    layout.down();
    layout.startLine();
    layout.write('}');
    return rule.else === undefined ? rest : writeElse(layout, rule, rule.else, rest);
  });
}

/** An `else` goes on the line of the brace before it, unless it began a line or comments stand above it. */
function writeElse(layout: Layout, rule: FormatRule, otherwise: FormatRule, comments: Comments): Comments {
  const line = rule.place.text.split('\n')[otherwise.place.row - rule.place.row];
  const wasInline =
    otherwise.place.row > rule.place.row && line !== undefined && !line.trim().startsWith('else');
  const { head } = otherwise;
  const first = comments[0];
  const hasCommentAbove =
    (first !== undefined && first.row < head.place.row) || layout.beforeEnd !== undefined;
  if (!hasCommentAbove && wasInline) {
    layout.write(' ');
  } else {
    layout.blankLine();
    layout.startLine();
  }
  const left = layout.insertComments(comments, head.place.row);
  if (hasCommentAbove && !wasInline) layout.startLine();
  if (head.value !== undefined) head.value.place = head.place;
  return writeRule(layout, otherwise, left);
}

function writeHead(
  layout: Layout,
  head: FormatHead,
  isDefault: boolean,
  isConstant: boolean,
  comments: Comments,
): Comments {
  const { settings } = layout;
  let left = comments;
  const ref =
    head.key !== undefined && head.value === undefined && !isDynamic(head.ref)
      ? groundPrefix(head.ref)
      : head.ref;
  if (settings.refHeads || ref.length === 1) {
    left = forgetting(() => writeReference(layout, ref, left));
  } else {
    const [name, part] = ref;
    if (left.length > 0 && part!.place.row === left[0]!.row) return layout.writeUnformatted(head.place, left);
    layout.write(`${termText(name!)}[${termText(part!)}]`);
  }
  if (head.args.length > 0) left = writeHeadArguments(layout, head, left);
  if (head.key !== undefined && head.value === undefined) left = writeMember(layout, head.key, left);
  return writeValue(layout, head, isDefault, isConstant, left);
}

function writeHeadArguments(layout: Layout, head: FormatHead, comments: Comments): Comments {
  layout.write('(');
  try {
    return writeArguments(layout, head.args, head.place, comments);
  } finally {
    layout.write(')');
  }
}

function writeMember(layout: Layout, key: FormatTerm, comments: Comments): Comments {
  const { contains } = layout.settings;
  layout.write(contains ? ' contains ' : '[');
  const left = writeTerm(layout, key, comments);
  if (!contains) layout.write(']');
  return left;
}

function writeValue(
  layout: Layout,
  head: FormatHead,
  isDefault: boolean,
  isConstant: boolean,
  comments: Comments,
): Comments {
  const { value, key } = head;
  if (value === undefined) return comments;
  if (key === undefined && isTrue(value) && !isConstant && !isDefault) return comments;
  const { version1 } = layout.settings;
  const isConstantRef = version1 && isConstant && key === undefined && head.args.length === 0;
  const isImplied = head.place === value.place && !head.isElse && isTrue(value);
  if (isImplied && !isConstantRef) return comments;
  layout.write(head.assigned || version1 ? ' := ' : ' = ');
  return writeTerm(layout, value, comments);
}

function isDynamic([head, ...parts]: readonly FormatTerm[]): boolean {
  return head!.kind !== 'call' && !parts.every(isConstantTerm);
}

function groundPrefix(ref: readonly FormatTerm[]): readonly FormatTerm[] {
  const end = ref.findIndex((part, index) => index > 0 && !isConstantTerm(part));
  return end < 0 ? ref : ref.slice(0, end);
}

/** Holds no variable, reference, call or comprehension. */
export function isConstantTerm(term: FormatTerm): boolean {
  switch (term.kind) {
    case 'null':
    case 'boolean':
    case 'number':
    case 'string':
      return true;
    case 'array':
    case 'set':
      return term.items.every(isConstantTerm);
    case 'object':
      return term.entries.every((entry) => entry.every(isConstantTerm));
    default:
      return false;
  }
}
