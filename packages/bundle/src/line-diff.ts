/** A line that one text has and the other has not, with its row there. */
export interface DiffLine {
  readonly sign: '+' | '-';
  /** From 1: in the new text for `+`, in the old one for `-`. */
  readonly row: number;
  readonly text: string;
}

/** Beyond this many differing lines on either side the middle is shown as removed and added whole. */
const TABLE_LINES_MAX = 1_000;

/** Lines removed and added between two texts, in order, by the longest common subsequence; equal ends are cut first. */
export function lineDiff(before: string, after: string): DiffLine[] {
  const [left, right] = [linesOf(before), linesOf(after)];
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start += 1;
  let tail = 0;
  while (
    tail < left.length - start &&
    tail < right.length - start &&
    left.at(-1 - tail) === right.at(-1 - tail)
  )
    tail += 1;
  const [oldPart, newPart] = [left.slice(start, left.length - tail), right.slice(start, right.length - tail)];
  return oldPart.length > TABLE_LINES_MAX || newPart.length > TABLE_LINES_MAX
    ? [
        ...oldPart.map((text, i) => removed(text, start + i)),
        ...newPart.map((text, i) => added(text, start + i)),
      ]
    : middleDiff(oldPart, newPart, start);
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function removed(text: string, index: number): DiffLine {
  return { sign: '-', row: index + 1, text };
}

function added(text: string, index: number): DiffLine {
  return { sign: '+', row: index + 1, text };
}

function middleDiff(left: readonly string[], right: readonly string[], offset: number): DiffLine[] {
  const width = right.length + 1;
  const common = new Uint32Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      common[i * width + j] =
        left[i] === right[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      i += 1;
      j += 1;
    } else if (
      j >= right.length ||
      (i < left.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!)
    ) {
      lines.push(removed(left[i]!, offset + i));
      i += 1;
    } else {
      lines.push(added(right[j]!, offset + j));
      j += 1;
    }
  }
  return lines;
}
