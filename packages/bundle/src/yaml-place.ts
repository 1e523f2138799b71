import { parsePointer } from '@writ/decision';
import { type Document, isMap, isNode, isPair, LineCounter, parseDocument } from 'yaml';
import { type BundleFile, isDataFile } from './files.ts';
import type { BundleProblem } from './problem.ts';
import { placeOf } from './read-data.ts';

/** A place in a text, both from 1. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/** Where a value, or the nearest thing around it that was written, stands. */
export function placeIn(
  document: Document,
  lines: LineCounter,
  path: readonly PropertyKey[],
  ofKey: boolean,
): Place {
  for (let length = path.length; length >= 0; length -= 1) {
    const offset = offsetOf(document, path.slice(0, length), ofKey);
    if (offset === undefined) continue;
    const { line, col } = lines.linePos(offset);
    return { row: line, column: col };
  }
  return { row: 1, column: 1 };
}

function offsetOf(document: Document, path: readonly PropertyKey[], ofKey: boolean): number | undefined {
  const parent = path.length === 0 ? undefined : document.getIn(path.slice(0, -1), true);
  if (path.length > 0 && isMap(parent ?? document.contents)) {
    const map = (parent ?? document.contents) as { readonly items: readonly unknown[] };
    const pair = map.items.find(
      (item) =>
        isPair(item) &&
        isNode(item.key) &&
        String((item.key as { value?: unknown }).value) === String(path.at(-1)),
    );
    if (isPair(pair) && isNode(pair.key) && (ofKey || !isNode(pair.value))) return pair.key.range?.[0];
    if (isPair(pair) && isNode(pair.value)) return pair.value.range?.[0];
    return undefined;
  }
  const node = path.length === 0 ? document.contents : document.getIn(path, true);
  return isNode(node) ? (node.range?.[0] ?? undefined) : undefined;
}

/** Puts file, row and column to problems whose pointers lead into the bundle's data. */
export function locateInData(
  problems: readonly BundleProblem[],
  files: readonly BundleFile[],
): readonly BundleProblem[] {
  const documents = problems.length === 0 ? [] : files.filter(({ path }) => isDataFile(path)).flatMap(parsed);
  return problems.map((problem) => {
    const steps = parsePointer(problem.pointer ?? '') ?? [];
    const found = documents
      .map((each) => ({ each, depth: depthOf(each, steps) }))
      .filter(({ depth }) => depth > 0)
      .sort((left, right) => right.depth - left.depth)[0]?.each;
    if (found === undefined) return problem;
    const path = steps.slice(found.folder.length).map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    const isKey = problem.message.startsWith('unknown key');
    return { ...problem, file: found.file, ...placeIn(found.document, found.lines, path, isKey) };
  });
}

interface ParsedFile {
  readonly file: string;
  readonly folder: readonly string[];
  readonly document: Document;
  readonly lines: LineCounter;
}

function parsed({ path, bytes }: BundleFile): ParsedFile[] {
  const lines = new LineCounter();
  const text = new TextDecoder().decode(bytes);
  return [
    { file: path, folder: placeOf(path), document: parseDocument(text, { lineCounter: lines }), lines },
  ];
}

/** How far a pointer leads into a file's document; 0 where it does not lead there. */
function depthOf({ folder, document }: ParsedFile, steps: readonly string[]): number {
  if (!folder.every((step, index) => steps[index] === step)) return 0;
  let depth = folder.length;
  for (let length = 1; folder.length + length <= steps.length; length += 1) {
    const path = steps.slice(folder.length, folder.length + length);
    if (document.getIn(path, true) === undefined) break;
    depth = folder.length + length;
  }
  return depth;
}
