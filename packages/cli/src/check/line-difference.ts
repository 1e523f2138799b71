/** Lines shown around a change. */
const CONTEXT = 3;

interface Change {
  readonly kind: ' ' | '-' | '+';
  readonly text: string;
}

/**
 * Two texts as a unified difference with three lines of context; nothing where they are equal. Lines are compared
 * between what the texts share at their beginning and at their end, so that small changes cost little.
 */
export function lineDifference(before: string, after: string, file: string): string {
  if (before === after) return '';
  const changes = changesBetween(before.split('\n'), after.split('\n'));
  const lines = [`--- ${file}`, `+++ ${file}`];
  for (const [from, to] of hunks(changes)) {
    const oldStart = changes.slice(0, from).filter(({ kind }) => kind !== '+').length;
    const newStart = changes.slice(0, from).filter(({ kind }) => kind !== '-').length;
    const shown = changes.slice(from, to);
    const oldCount = shown.filter(({ kind }) => kind !== '+').length;
    const newCount = shown.filter(({ kind }) => kind !== '-').length;
    lines.push(`@@ -${oldStart + 1},${oldCount} +${newStart + 1},${newCount} @@`);
    lines.push(...shown.map(({ kind, text }) => kind + text));
  }
  return lines.join('\n');
}

function changesBetween(before: readonly string[], after: readonly string[]): Change[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const same = (text: string): Change => ({ kind: ' ', text });
  return [
    ...before.slice(0, start).map(same),
    ...middle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(same),
  ];
}

/** Where a longest common subsequence is too dear, all is taken out and put in anew. */
const CELLS_MAX = 4_000_000;

function middle(before: readonly string[], after: readonly string[]): Change[] {
  const out = (text: string): Change => ({ kind: '-', text });
  const put = (text: string): Change => ({ kind: '+', text });
  if (before.length * after.length > CELLS_MAX) return [...before.map(out), ...after.map(put)];
  const width = after.length + 1;
  const length = new Uint32Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      length[i * width + j] =
        before[i] === after[j]
          ? length[(i + 1) * width + j + 1]! + 1
          : Math.max(length[(i + 1) * width + j]!, length[i * width + j + 1]!);
    }
  }
  const changes: Change[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length && j < after.length) {
    if (before[i] === after[j]) {
      changes.push({ kind: ' ', text: before[i]! });
      i += 1;
      j += 1;
    } else if (length[(i + 1) * width + j]! >= length[i * width + j + 1]!) changes.push(out(before[i++]!));
    else changes.push(put(after[j++]!));
  }
  return [...changes, ...before.slice(i).map(out), ...after.slice(j).map(put)];
}

/** Ranges of changes with the lines around them; ranges that meet are one. */
function hunks(changes: readonly Change[]): [from: number, to: number][] {
  const found: [number, number][] = [];
  for (const [index, { kind }] of changes.entries()) {
    if (kind === ' ') continue;
    const from = Math.max(0, index - CONTEXT);
    const to = Math.min(changes.length, index + 1 + CONTEXT);
    const last = found.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = to;
    else found.push([from, to]);
  }
  return found;
}
