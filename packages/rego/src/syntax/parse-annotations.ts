import { type AnnotationFields, annotationFields } from './annotation-fields.ts';
import type { Annotations, AnnotationTarget, Comment, Location, Term } from './ast.ts';
import { Cursor } from './cursor.ts';
import { node } from './nodes.ts';
import { AnnotationFault, readYaml } from './read-annotations.ts';

/** What an annotation can stand above. */
export interface Annotated {
  readonly target: AnnotationTarget | { readonly kind: 'import' };
  readonly location: Location;
}

const SCOPES = ['rule', 'document', 'package', 'subpackages'] as const;
type Scope = (typeof SCOPES)[number];

/** A block that could be read. */
export interface ReadBlock extends AnnotationFields {
  readonly location: Location;
}

type Block = readonly Comment[];

/** Reads the `# METADATA` blocks (OPA `parseAnnotations`); what each describes is found later. */
export function readAnnotations(cursor: Cursor): readonly ReadBlock[] {
  const blocks: ReadBlock[] = [];
  for (const block of blocksOf(cursor.comments)) {
    const read = readBlock(cursor, block);
    if (read) blocks.push(read);
  }
  return blocks;
}

function isMarker({ text, location }: Comment): boolean {
  return location.column === 1 && text.trim().startsWith('METADATA');
}

/** A block is the marker and the comments of the rows straight below it, all in column 1. */
function blocksOf(comments: readonly Comment[]): Block[] {
  const blocks: Comment[][] = [];
  let block: Comment[] | undefined;
  for (const comment of comments) {
    const previous = block?.at(-1);
    if (isMarker(comment)) {
      block = [comment];
      blocks.push(block);
    } else if (
      previous &&
      comment.location.column === 1 &&
      comment.location.row === previous.location.row + 1
    ) {
      block?.push(comment);
    } else {
      block = undefined;
    }
  }
  return blocks;
}

function readBlock(cursor: Cursor, block: Block): ReadBlock | undefined {
  const [marker, ...lines] = block;
  const text = lines.map((line) => `${line.text.replace(/^ /, '')}\n`).join('');
  if (text.trim() === '') return cursor.fail('expected METADATA block, found whitespace', marker!.location);
  const raw = readYaml(text);
  if (raw instanceof AnnotationFault) {
    // As in OPA, the place is the line after the one that the message names.
    const place = raw.line === undefined ? lines[0]! : (lines[raw.line] ?? lines.at(-1)!);
    return cursor.fail(raw.message + spaceHints(lines), place.location);
  }
  const fields = annotationFields(raw, (written) => readTerm(cursor, written));
  if (fields instanceof AnnotationFault) return cursor.fail(fields.message, marker!.location);
  const location = Object.freeze({ ...marker!.location, end: block.at(-1)!.location.end });
  return { ...fields, location };
}

/** The text of one term, in the version of the language that is the default. */
function readTerm({ grammar }: Cursor, text: string): Term | undefined {
  const cursor = new Cursor({ text, file: '', version: 1 }, grammar);
  const term = grammar.infix(cursor);
  return cursor.diagnostics.length > 0 || cursor.kind !== 'eof' ? undefined : term;
}

/** Says where a colon is followed by something that looks like a space and is none for YAML. */
function spaceHints(lines: Block): string {
  let hints = '';
  for (const { text, location } of lines) {
    const symbols: string[] = [];
    const parts = text.split(':').slice(1);
    for (const [index, part] of parts.entries()) {
      if (part === '' && index === parts.length - 1) break;
      if (part.startsWith(' ') || part.startsWith('\t')) break;
      symbols.push(quoted(part.codePointAt(0)));
    }
    if (symbols.length === 0) continue;
    const what = `symbol(s) [${symbols.join(' ')}] immediately following a key/value separator ':'`;
    hints += `\n  Hint: on line ${location.row}, ${what} is not a legal yaml space character`;
  }
  return hints;
}

/** A character as Go quotes it in ASCII. */
function quoted(point: number | undefined): string {
  if (point === undefined) return "'\\ufffd'";
  if (point >= 0x20 && point < 0x7f) return point === 0x27 ? "'\\''" : `'${String.fromCodePoint(point)}'`;
  const hex = point.toString(16);
  if (point < 0x80) return `'\\x${hex.padStart(2, '0')}'`;
  return point > 0xffff ? `'\\U${hex.padStart(8, '0')}'` : `'\\u${hex.padStart(4, '0')}'`;
}

/** Finds what each block describes, the first statement below it (OPA `attachAnnotationsNodes`). */
export function attachAnnotations(
  cursor: Cursor,
  blocks: readonly ReadBlock[],
  statements: readonly Annotated[],
): readonly Annotations[] {
  const ordered = [...statements].sort((a, b) => a.location.row - b.location.row);
  return blocks.flatMap((block) => {
    const target = ordered.find(({ location }) => location.row > block.location.row)?.target;
    const scope = scopeOf(block, target?.kind);
    const misplaced = misplacement(scope, target?.kind);
    if (misplaced) cursor.fail(misplaced, block.location);
    const unfit = block.entrypoint && scope !== 'document' && scope !== 'package';
    if (unfit) {
      cursor.fail(
        `annotation entrypoint applied to non-document or package scope '${scope}'`,
        block.location,
      );
    }
    if (misplaced || unfit || target === undefined || target.kind === 'import') return [];
    return [node({ ...block, scope: scope as Scope, target })];
  });
}

function scopeOf({ scope, entrypoint }: ReadBlock, target: Annotated['target']['kind'] | undefined): string {
  if (scope !== '') return scope;
  if (target === 'rule') return entrypoint ? 'document' : 'rule';
  return target ?? '';
}

function misplacement(scope: string, target: Annotated['target']['kind'] | undefined): string | undefined {
  if (!(SCOPES as readonly string[]).includes(scope)) {
    return `invalid annotation scope '${scope}'. Use one of 'rule', 'document', 'package', or 'subpackages'`;
  }
  const wanted = scope === 'rule' || scope === 'document' ? 'rule' : 'package';
  if (target === wanted) return undefined;
  return `annotation scope '${scope}' must be applied to ${wanted}${target ? ` (have ${target})` : ''}`;
}
