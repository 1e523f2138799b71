import { quote } from '../value/index.ts';
import { CommentInTheWay, type Comments, type Layout, type WriteTerm } from './layout.ts';
import type { FormatTerm } from './nodes.ts';
import type { Place } from './place.ts';
import { isName, variableText } from './term-text.ts';

/** Writes a reference: names after dots where they can stand there, everything else in brackets. */
export function writeRef(
  layout: Layout,
  parts: readonly FormatTerm[],
  comments: Comments,
  writeHead: WriteTerm,
  writePart: WriteTerm,
): Comments {
  const [head, ...path] = parts;
  if (head === undefined) return comments;
  let left = writeHead(layout, head, comments);
  for (const part of path) {
    if (part.kind === 'string') writeName(layout, part.value, part.place);
    else if (part.kind === 'var') layout.write(`[${variableText(part.name)}]`);
    else left = writeBracketed(layout, part, left, writePart);
  }
  return left;
}

function writeBracketed(layout: Layout, part: FormatTerm, comments: Comments, write: WriteTerm): Comments {
  layout.write('[');
  let left: Comments;
  try {
    left = write(layout, part, comments);
  } catch (caught) {
    if (!(caught instanceof CommentInTheWay)) throw caught;
    left = caught.comments;
    // So that the bracket does not become part of the comment.
    layout.write('\n');
  }
  layout.write(']');
  return left;
}

function writeName(layout: Layout, name: string, place: Place): void {
  layout.write(needsBrackets(layout, name, place) ? `[${quote(name)}]` : `.${name}`);
}

function needsBrackets({ settings }: Layout, name: string, place: Place): boolean {
  if (!isName(name)) return true;
  if (!settings.keywords.has(name)) return false;
  return !settings.keywordsInRefs || place.text.startsWith('"');
}
