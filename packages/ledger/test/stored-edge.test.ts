import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EDGE_CELL, slotCell } from '../src/cells.ts';
import { EDGE_CELLS, edgeChanges, latestSlot, readEdge } from '../src/stored-edge.ts';
import { appendToEdge, EMPTY_EDGE, formatEdge, type TreeEdge } from '../src/tree-edge.ts';
import { leafHash } from '../src/tree-hash.ts';

const leavesFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, each) => leafHash(Buffer.from(`${first + each}`)));
const grown = (edge: TreeEdge, count: number) => appendToEdge(edge, leavesFrom(edge.size, count)).edge;
const textOf = (edge: TreeEdge | undefined) => (edge === undefined ? undefined : formatEdge(edge));

function apply(cells: Map<string, string>, before: TreeEdge, after: TreeEdge): void {
  for (const [cell, text] of edgeChanges(before, after)) cells.set(cell, text);
}

describe('the stored edge of the tree', () => {
  it('is read back as it was, however it grew, also from a cell that holds all of it', () => {
    const batches = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 600 }), batches, (earlier, counts) => {
        let edge = earlier === 0 ? EMPTY_EDGE : grown(EMPTY_EDGE, earlier);
        // As it lay before there were slots.
        const cells = new Map(earlier === 0 ? [] : [[EDGE_CELL, formatEdge(edge)]]);
        expect(textOf(readEdge((cell) => cells.get(cell)))).toBe(formatEdge(edge));
        for (const count of counts) {
          const next = grown(edge, count);
          apply(cells, edge, next);
          edge = next;
          expect(textOf(readEdge((cell) => cells.get(cell)))).toBe(formatEdge(edge));
          const slot = latestSlot(edge);
          if (slot !== undefined) expect(cells.get(slot[0])).toBe(slot[1]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is one that was there, where it grows while its cells are read one after the other', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 17, maxLength: 17 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 520 }), steps, (start, counts) => {
        const cells = new Map<string, string>();
        let edge = grown(EMPTY_EDGE, start);
        apply(cells, EMPTY_EDGE, edge);
        const was = new Set([formatEdge(edge)]);
        const seen = new Map<string, string | undefined>();
        for (const [index, cell] of EDGE_CELLS.entries()) {
          seen.set(cell, cells.get(cell));
          // Leaf by leaf: each size is one at which somebody may have looked.
          for (let each = 0; each < (counts[index] ?? 0); each++) {
            const next = grown(edge, 1);
            apply(cells, edge, next);
            edge = next;
            was.add(formatEdge(edge));
          }
        }
        expect(was).toContain(textOf(readEdge((cell) => seen.get(cell))));
      }),
      { numRuns: 200 },
    );
  });

  it('is not believed where a slot is missing, cut or unreadable', () => {
    const cells = new Map<string, string>();
    const edge = grown(EMPTY_EDGE, 256 + 40);
    apply(cells, EMPTY_EDGE, edge);
    const read = (changes: Readonly<Record<string, string | undefined>>) =>
      readEdge((cell) => (cell in changes ? changes[cell] : cells.get(cell)));
    expect(read({})?.size).toBe(296);
    const first = cells.get(slotCell(0)) as string;
    expect(read({ [slotCell(0)]: undefined })).toBeUndefined();
    expect(read({ [slotCell(1)]: `0\n${first.slice(2)}` })).toBeUndefined();
    expect(read({ [slotCell(0)]: first.slice(0, -1) })).toBeUndefined();
    expect(read({ [slotCell(0)]: `${first}AAAA` })).toBeUndefined();
    expect(read({ [slotCell(0)]: first.replace('1', '2') })).toBeUndefined();
    expect(read({ [EDGE_CELL]: 'x' })).toBeUndefined();
    expect(read({ [EDGE_CELL]: undefined })).toBeUndefined();
    // What was lost at the end shows by the size, which the log's has to equal.
    expect(read({ [slotCell(2)]: undefined })?.size).toBe(288);
  });
});
