import { quote } from '../value/index.ts';
import type { Element } from './group-lines.ts';
import { infixOf, isUnionCall } from './infix.ts';
import {
  CommentInTheWay,
  type Comments,
  forgetting,
  type Layout,
  partitionComments,
  type WriteTerm,
} from './layout.ts';
import type {
  FormatCall,
  FormatComprehension,
  FormatEntry,
  FormatExpression,
  FormatTemplate,
  FormatTerm,
} from './nodes.ts';
import { closingRow, type Place } from './place.ts';
import { termText, variableText } from './term-text.ts';
import { writeComprehensionBody } from './write-comprehension-body.ts';
import { writeIterable } from './write-iterable.ts';
import { writeRef } from './write-ref.ts';

/** Writes a term; where a comment is in the way, as it was written, and says so to what stands around it. */
export function writeTerm(layout: Layout, term: FormatTerm, comments: Comments): Comments {
  if (comments.length === 0) return writeTermIn(layout, false, term, comments);
  const { text, level } = layout;
  try {
    return writeTermIn(layout, false, term, comments);
  } catch (caught) {
    if (!(caught instanceof CommentInTheWay)) throw caught;
    layout.text = text;
    layout.level = level;
    dropWaiting(layout, term.place);
    caught.comments = layout.writeUnformatted(term.place, comments);
    throw caught;
  }
}

/** A waiting comment that stands inside the text is not to be written twice. */
function dropWaiting(layout: Layout, place: Place): void {
  const row = layout.beforeEnd?.row;
  if (row === undefined || place.text === '') return;
  if (row >= place.row && row <= place.endRow) layout.beforeEnd = undefined;
}

/** As {@link writeTerm}, with infix operators in parentheses where asked. */
export function writeTermIn(
  layout: Layout,
  inParentheses: boolean,
  term: FormatTerm,
  comments: Comments,
): Comments {
  return forgetting(() => {
    const isMarked = layout.parenthesised === term;
    if (isMarked) layout.parenthesised = undefined;
    let left = layout.insertComments(comments, term.place.row);
    if (!layout.inline) layout.startLine();
    left = writeKind(layout, inParentheses || isMarked, term, left);
    if (!layout.inline) layout.startLine();
    return left;
  });
}

function writeKind(layout: Layout, inParentheses: boolean, term: FormatTerm, comments: Comments): Comments {
  switch (term.kind) {
    case 'ref':
      return writeReference(layout, term.parts, comments);
    case 'object':
      return enclosed(layout, '{', '}', () =>
        writeIterable(
          layout,
          term.entries,
          term.place,
          closingRow(term.place, '{}'),
          comments,
          writeEntryElement,
        ),
      );
    case 'array':
      return enclosed(layout, '[', ']', () =>
        writeIterable(layout, term.items, term.place, closingRow(term.place, '[]'), comments, writeItem),
      );
    case 'set':
      return writeSet(layout, term.items, term.place, comments);
    case 'comprehension':
      return writeComprehension(layout, term, comments);
    case 'template':
      return writeTemplate(layout, term, comments);
    case 'call':
      return writeCall(layout, inParentheses, term, comments);
    case 'var':
      layout.write(variableText(term.name));
      return comments;
    case 'string':
      layout.write(stringText(term.value, term.place));
      return comments;
    default:
      layout.write(termText(term));
      return comments;
  }
}

/** Also where the writing between the brackets ends early. */
function enclosed(layout: Layout, open: string, close: string, write: () => Comments): Comments {
  layout.write(open);
  try {
    return write();
  } finally {
    layout.write(close);
  }
}

/** A string as it was written; its text may have `else := ` before it. */
function stringText(value: string, place: Place): string {
  const { text } = place;
  if (text.startsWith('`')) return text;
  const mark = text.at(-1);
  const at = mark === '"' || mark === '`' ? text.indexOf(mark) : -1;
  return at < 0 ? quote(value) : text.slice(at);
}

export function writeReference(layout: Layout, parts: readonly FormatTerm[], comments: Comments): Comments {
  const writeHead: WriteTerm = (_layout, head, left) =>
    writeTermIn(layout, head.kind === 'call' && head.place.text.startsWith('('), head, left);
  return writeRef(layout, parts, comments, writeHead, writeTerm);
}

function writeSet(layout: Layout, items: readonly FormatTerm[], place: Place, comments: Comments): Comments {
  if (items.length === 0) {
    layout.write('set()');
    return layout.insertComments(comments, closingRow(place, '()'));
  }
  return enclosed(layout, '{', '}', () =>
    writeIterable(layout, items, place, closingRow(place, '{}'), comments, writeItem),
  );
}

function writeItem(layout: Layout, element: Element, comments: Comments): Comments {
  const term = element as FormatTerm;
  return isUnionCall(term)
    ? enclosed(layout, '(', ')', () => writeTerm(layout, term, comments))
    : writeTerm(layout, term, comments);
}

function writeArgument(layout: Layout, element: Element, comments: Comments): Comments {
  const term = element as FormatTerm;
  return isUnionCall(term) && term.place.text.startsWith('(')
    ? enclosed(layout, '(', ')', () => writeTerm(layout, term, comments))
    : writeTerm(layout, term, comments);
}

function writeEntryElement(layout: Layout, element: Element, comments: Comments): Comments {
  const [key, value] = element as FormatEntry;
  const left = writeKey(layout, key, comments);
  layout.write(': ');
  return writeItem(layout, value, left);
}

function writeKey(layout: Layout, key: FormatTerm, comments: Comments): Comments {
  const isUnion = isUnionCall(key);
  if (isUnion) layout.write('(');
  const left = forgetting(() => writeTerm(layout, key, comments));
  if (isUnion) layout.write(')');
  return left;
}

/** The arguments of a function or of a rule's head. */
export function writeArguments(
  layout: Layout,
  args: readonly FormatTerm[],
  place: Place,
  comments: Comments,
): Comments {
  return writeIterable(layout, args, place, closingRow(place, '()'), comments, writeArgument);
}

function writeComprehension(layout: Layout, node: FormatComprehension, comments: Comments): Comments {
  const [open, close] = [node.brackets.charAt(0), node.brackets.charAt(1)];
  return enclosed(layout, open, close, () => {
    const { term, key, place, body } = node;
    let left = comments;
    if (key !== undefined) {
      // The value stays on the key's line.
      term.place = term.place.with({ row: place.row });
      left = writeKey(layout, key, left);
      layout.write(': ');
    }
    if (term.place.row - place.row >= 1) {
      layout.endLine();
      layout.startLine();
    }
    const inParentheses = term.kind === 'call' && (isUnionCall(term) || term.place.text.startsWith('('));
    left = forgetting(() => writeTermIn(layout, inParentheses, term, left));
    layout.write(' |');
    return writeComprehensionBody(layout, node.brackets, body, term.place, place, left);
  });
}

/** A call in prefix form. */
export function writePlainCall(layout: Layout, terms: readonly FormatTerm[], comments: Comments): Comments {
  const [operator, ...args] = terms;
  if (operator!.kind === 'ref') writeReference(layout, operator!.parts, comments);
  else layout.write(termText(operator!));
  return enclosed(layout, '(', ')', () =>
    forgetting(() => writeArguments(layout, args, operator!.place, comments)),
  );
}

function writeCall(layout: Layout, inParentheses: boolean, call: FormatCall, comments: Comments): Comments {
  const [operator, ...operands] = call.terms;
  const infix = infixOf(operator!);
  if (infix === undefined) return writePlainCall(layout, call.terms, comments);
  if (infix.sign === 'in') return writeMembership(layout, true, operands, comments, call.place);
  if (operands.length !== infix.arity) {
    if (inParentheses) layout.write('(');
    reportArity(layout, operator!, call.place);
    return comments;
  }
  if (inParentheses) layout.write('(');
  let left = writeTermIn(layout, true, operands[0]!, comments);
  layout.write(` ${infix.sign} `);
  left = writeTermIn(layout, true, operands[1]!, left);
  if (inParentheses) layout.write(')');
  return left;
}

export function reportArity(layout: Layout, operator: FormatTerm, place: Place): void {
  layout.errors.push({ code: 'rego_type_error', message: `${termText(operator)}: arity mismatch`, place });
}

/** `x in xs`, or `k, v in xs` in parentheses where asked. */
export function writeMembership(
  layout: Layout,
  inParentheses: boolean,
  operands: readonly FormatTerm[],
  comments: Comments,
  place: Place,
): Comments {
  if (operands.length !== 2 && operands.length !== 3) {
    layout.errors.push({
      code: 'rego_type_error',
      message: 'internal.member_2: arity mismatch',
      place,
    });
    return comments;
  }
  const isKeyed = operands.length === 3;
  const write = (): Comments => {
    let left = comments;
    for (const [index, operand] of operands.entries()) {
      if (index > 0) layout.write(index === operands.length - 1 ? ' in ' : ', ');
      left = writeTermIn(layout, true, operand, left);
    }
    return left;
  };
  return isKeyed && inParentheses ? enclosed(layout, '(', ')', write) : write();
}

function writeTemplate(layout: Layout, { isRaw, parts }: FormatTemplate, comments: Comments): Comments {
  const mark = isRaw ? '`' : '"';
  layout.write(`$${mark}`);
  let left = comments;
  for (const [index, part] of parts.entries()) {
    if (part.kind === 'expression') left = writeTemplateExpression(layout, part, parts[index + 1], left);
    else layout.write(templateText(part, isRaw));
  }
  layout.write(mark);
  return left;
}

function writeTemplateExpression(
  layout: Layout,
  expression: FormatExpression,
  next: FormatTerm | FormatExpression | undefined,
  comments: Comments,
): Comments {
  layout.write('{');
  layout.up();
  let left = comments;
  if (layout.beforeEnd !== undefined) {
    layout.endLine();
    layout.startLine();
  } else {
    const { before } = partitionComments(left, expression.place.row);
    if (before.length > 0) {
      layout.write(' ');
      layout.inline = true;
      layout.writeComments(before);
      left = left.slice(before.length);
    }
  }
  left = layout.productions.expression(layout, expression, left);
  const trailing = next === undefined ? [] : partitionComments(left, next.place.row).before;
  if (trailing.length > 0) {
    layout.endLine();
    layout.writeComments(trailing);
    left = left.slice(trailing.length);
    layout.startLine();
  }
  layout.write('}');
  layout.down();
  return left;
}

function templateText(part: FormatTerm, isRaw: boolean): string {
  if (part.kind === 'string') {
    const text = isRaw ? part.value : quote(part.value).slice(1, -1);
    return text.replace(/(?<!\\)\{/g, '\\{');
  }
  return termText(part).replace(/^"/, '').replace(/"$/, '');
}
