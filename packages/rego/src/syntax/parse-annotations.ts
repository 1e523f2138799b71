import { parseDocument } from 'yaml';
import type { Annotations, Comment, Location } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { node } from './nodes.ts';

/** What an annotation can stand above. */
export type Target = 'package' | 'import' | 'rule';

export interface Annotated {
  readonly kind: Target;
  readonly location: Location;
}

/** A block, and the statement that it stands above. */
export interface Attached<T extends Annotated> {
  readonly annotations: Annotations;
  readonly target: T;
}

const SCOPES = ['rule', 'document', 'package', 'subpackages'] as const;
type Scope = (typeof SCOPES)[number];

/** Reads the `# METADATA` blocks and finds what each describes (OPA `parseAnnotations`, `attachAnnotationsNodes`). */
export function parseAnnotations<T extends Annotated>(
  cursor: Cursor,
  targets: readonly T[],
): readonly Attached<T>[] {
  const ordered = [...targets].sort((a, b) => a.location.start - b.location.start);
  const result: Attached<T>[] = [];
  for (const block of blocksOf(cursor.comments)) {
    const raw = readBlock(cursor, block);
    if (!raw) continue;
    const target = ordered.find(({ location }) => location.row > block[0]!.location.row);
    const annotations = annotationsOf(cursor, block, raw, target?.kind);
    if (annotations && target) result.push({ annotations, target });
  }
  return result;
}

type Block = readonly Comment[];

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

function readBlock(cursor: Cursor, block: Block): Readonly<Record<string, unknown>> | undefined {
  const lines = block.slice(1);
  const text = lines.map((line) => line.text.replace(/^ /, '')).join('\n');
  if (text.trim() === '') return cursor.fail('expected METADATA block, found whitespace', block[0]!.location);
  // YAML 1.2 core schema, as OPA reads it since 1.21.
  const document = parseDocument(text, { version: '1.2', uniqueKeys: true });
  const [error] = document.errors;
  if (error) {
    const row = (error.linePos?.[0].line ?? 1) - 1;
    return cursor.fail(`yaml: ${firstLine(error.message)}`, (lines[row] ?? block[0]!).location);
  }
  const value = plainValue(document);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return cursor.fail('yaml: METADATA must be a mapping', lines[0]!.location);
  }
  return Object.freeze(value as Record<string, unknown>);
}

/** Aliases could blow a small block up: past the limit the library throws, and the block is refused. */
function plainValue(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    return undefined;
  }
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]!.replace(/:$/, '');
}

const SHAPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  scope: (value) => typeof value === 'string',
  title: (value) => typeof value === 'string',
  description: (value) => typeof value === 'string',
  entrypoint: (value) => typeof value === 'boolean',
  organizations: Array.isArray,
  related_resources: Array.isArray,
  authors: Array.isArray,
  schemas: Array.isArray,
  custom: (value) => typeof value === 'object' && !Array.isArray(value),
};

function annotationsOf(
  cursor: Cursor,
  block: Block,
  raw: Readonly<Record<string, unknown>>,
  target: Target | undefined,
): Annotations | undefined {
  const { location } = block[0]!;
  for (const [name, isShape] of Object.entries(SHAPES)) {
    const value = raw[name];
    if (value === undefined || value === null || isShape(value)) continue;
    return cursor.fail(`yaml: METADATA has the wrong type for \`${name}\``, location);
  }
  const entrypoint = raw['entrypoint'] === true;
  const scope = scopeOf(raw['scope'], entrypoint, target);
  const refused = refusal(scope, entrypoint, target);
  if (refused) return cursor.fail(refused, location);
  return node({
    scope: scope as Scope,
    entrypoint,
    ...(typeof raw['title'] === 'string' && { title: raw['title'] }),
    ...(typeof raw['description'] === 'string' && { description: raw['description'] }),
    ...(raw['custom'] !== undefined &&
      raw['custom'] !== null && { custom: raw['custom'] as Record<string, unknown> }),
    raw,
    location: Object.freeze({ ...location, end: block.at(-1)!.location.end }),
  });
}

function scopeOf(written: unknown, entrypoint: boolean, target: Target | undefined): string {
  if (typeof written === 'string' && written !== '') return written;
  if (target === 'rule') return entrypoint ? 'document' : 'rule';
  return target ?? '';
}

function refusal(scope: string, entrypoint: boolean, target: Target | undefined): string | undefined {
  if (!(SCOPES as readonly string[]).includes(scope)) {
    return `invalid annotation scope '${scope}'. Use one of 'rule', 'document', 'package', or 'subpackages'`;
  }
  const wanted = scope === 'rule' || scope === 'document' ? 'rule' : 'package';
  if (target !== wanted) {
    return `annotation scope '${scope}' must be applied to ${wanted}${target ? ` (have ${target})` : ''}`;
  }
  if (entrypoint && scope !== 'document' && scope !== 'package') {
    return `annotation entrypoint applied to non-document or package scope '${scope}'`;
  }
  return undefined;
}
