import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CompactRange,
  consistencyProof,
  inclusionProof,
  leafHash,
  type NodeReader,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from '../src/index.ts';
import { appendToEdge, EMPTY_EDGE, edgeRoot, formatEdge, parseEdge, tilesFilled } from '../src/tree-edge.ts';
import { subtreeHash } from '../src/tree-hash.ts';
import { naiveConsistency, naivePath, naiveRoot } from './naive-tree.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const leavesOf = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, each) => Buffer.from(`leaf ${each}`));
const readerOf = (leaves: readonly Uint8Array[]): NodeReader => {
  const hashes = Buffer.concat(leaves.map(leafHash));
  return (level, index) =>
    subtreeHash(hashes.subarray(index * 2 ** level * 32, (index + 1) * 2 ** level * 32));
};

describe('the tree', () => {
  it('[P-RFC6962-TREE] gives the roots of the RFC 6962 reference vectors', () => {
    const vectors = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ];
    const leaves = vectors.map((each) => Buffer.from(each, 'hex'));
    const range = new CompactRange();
    expect(hex(range.root())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    for (const leaf of leaves) range.append(leafHash(leaf));
    expect(hex(range.root())).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
    expect(hex(leafHash(leaves[0]!))).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
  });

  it('agrees with the definition on every size up to 70 and every proof in it', () => {
    const leaves = leavesOf(70);
    for (let size = 1; size <= leaves.length; size++) {
      const part = leaves.slice(0, size);
      const node = readerOf(part);
      expect(hex(treeRoot(node, size))).toBe(hex(naiveRoot(part)));
      const index = (size * 7) % size;
      for (const each of [0, index, size - 1, size >> 1]) {
        expect(inclusionProof(node, each, size).map(hex)).toEqual(naivePath(each, part).map(hex));
      }
      for (let from = 0; from <= size; from += 1 + (size >> 4)) {
        expect(consistencyProof(node, from, size).map(hex)).toEqual(naiveConsistency(from, part).map(hex));
      }
    }
  });

  it('accepts its proofs, and no proof with anything changed', () => {
    const sizes = fc.integer({ min: 1, max: 300 }).chain((size) =>
      fc.record({
        size: fc.constant(size),
        index: fc.integer({ min: 0, max: size - 1 }),
        from: fc.integer({ min: 1, max: size }),
        flip: fc.nat(),
      }),
    );
    fc.assert(
      fc.property(sizes, ({ size, index, from, flip }) => {
        const leaves = leavesOf(size);
        const node = readerOf(leaves);
        const root = naiveRoot(leaves);
        const leaf = leafHash(leaves[index]!);
        const proof = inclusionProof(node, index, size);
        expect(verifyInclusion(leaf, index, size, proof, root)).toBe(true);
        expect(verifyInclusion(leafHash(Buffer.from('other')), index, size, proof, root)).toBe(false);
        expect(verifyInclusion(leaf, index, size, [...proof, leaf], root)).toBe(false);
        expect(verifyInclusion(leaf, index, size, proof.slice(1), root)).toBe(proof.length === 0);
        if (size > 1) expect(verifyInclusion(leaf, (index + 1) % size, size, proof, root)).toBe(false);

        const old = naiveRoot(leaves.slice(0, from));
        const consistency = consistencyProof(node, from, size);
        expect(verifyConsistency(from, old, size, root, consistency)).toBe(true);
        const wrong = flipped(old, flip);
        expect(verifyConsistency(from, wrong, size, root, consistency)).toBe(false);
        expect(verifyConsistency(from, old, size, flipped(root, flip), consistency)).toBe(false);
        const hurt = consistency.map((hash, each) =>
          each === flip % consistency.length ? flipped(hash, flip) : hash,
        );
        if (hurt.length > 0) expect(verifyConsistency(from, old, size, root, hurt)).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  it('keeps the same root at its edge, however the leaves arrive, and fills each tile once', () => {
    const batches = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(batches, (counts) => {
        const range = new CompactRange();
        let edge = EMPTY_EDGE;
        const seen: string[] = [];
        const announced: string[] = [];
        for (const count of counts) {
          const hashes = Array.from({ length: count }, (_, each) =>
            leafHash(Buffer.from(`${edge.size + each}`)),
          );
          for (const hash of hashes) range.append(hash);
          const step = appendToEdge(edge, hashes);
          announced.push(...tilesFilled(edge.size, edge.size + count).map((tile) => tile.join('/')));
          seen.push(...step.tiles.map((tile) => `${tile.level}/${tile.index}`));
          edge = parseEdge(formatEdge(step.edge))!;
          expect(hex(edgeRoot(edge))).toBe(hex(range.root()));
        }
        expect(seen).toEqual(announced);
        expect(new Set(seen).size).toBe(seen.length);
        expect(seen.filter((tile) => tile.startsWith('0/')).length).toBe(Math.floor(range.size / 256));
      }),
      { numRuns: 40 },
    );
  });

  it('fills tiles of the second level too', () => {
    const range = new CompactRange();
    const hashes = Array.from({ length: 65_536 + 300 }, (_, each) => leafHash(Buffer.from(`${each}`)));
    for (const hash of hashes) range.append(hash);
    const { edge, tiles } = appendToEdge(EMPTY_EDGE, hashes);
    expect(tiles.at(-1)).toMatchObject({ level: 1, index: 0 });
    expect(tilesFilled(0, hashes.length).at(-1)).toEqual([1, 0]);
    expect(edge.levels.map((level) => level.byteLength / 32)).toEqual([44, 1, 1]);
    expect(hex(edgeRoot(edge))).toBe(hex(range.root()));
  });

  it('refuses an edge that is not one', () => {
    const { edge } = appendToEdge(EMPTY_EDGE, leavesOf(3).map(leafHash));
    const text = formatEdge(edge);
    expect(parseEdge(text)).toBeDefined();
    for (const wrong of ['', 'x', '3', '-1', `4${text.slice(1)}`, `${text}\n`, text.slice(0, -1)]) {
      expect(parseEdge(wrong), wrong).toBeUndefined();
    }
  });
});

function flipped(hash: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(hash);
  copy[at % copy.length]! ^= 1 << (at % 8);
  return copy;
}
