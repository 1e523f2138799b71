import type { StoredEntry } from '@writ/store';
import { tileCell } from './cells.ts';
import { CompactRange } from './compact-range.ts';
import type { PersonalField, Trust } from './entry.ts';
import { plainEntry } from './plain-entry.ts';
import {
  appendTileToEdge,
  appendToEdge,
  EMPTY_EDGE,
  type FullTile,
  TILE_WIDTH,
  type TreeEdge,
} from './tree-edge.ts';
import { equalHashes, HASH_BYTES, leafHash } from './tree-hash.ts';
import type { Claim, Claims } from './verify-checkpoints.ts';
import { type EntryFindings, verifyEntry } from './verify-entry.ts';
import type { ProblemSink } from './verify-problem.ts';

const NO_HASH = new Uint8Array(HASH_BYTES);

interface Suspect {
  readonly index: number;
  readonly findings: EntryFindings;
}

/** A full tile of entries with which nothing is wrong by themselves. */
export interface PlainTile {
  /** Hashes of the 256 entries. */
  readonly hashes: Uint8Array;
  /** Root over them. */
  readonly root: Uint8Array;
  readonly firstTime: string;
  readonly lastTime: string;
  readonly cooperative: boolean;
}

/**
 * One pass over the entries. It builds two trees: of the entries as they are, and, once an entry's hash is not the
 * stored one, of the stored hashes. At each checkpoint the tree with the signed root tells which of the two was
 * changed since the checkpoint before.
 */
export class VerifyWalk {
  readonly #claims: Claims;
  readonly #storedHash: (index: number) => Uint8Array | undefined;
  readonly #problems: ProblemSink;
  readonly #actual = new CompactRange();
  #stored: CompactRange | undefined;
  #edge: TreeEdge = EMPTY_EDGE;
  #pending: Uint8Array[] = [];
  readonly #upperTiles: FullTile[] = [];
  #suspects: Suspect[] = [];
  #lastTime = '';
  #lastHeldSize = 0;
  readonly #reported = new Set<string>();
  readonly #missing = new Map<
    number,
    { readonly fields: readonly PersonalField[]; readonly id: string | undefined }
  >();
  readonly #erasures: { readonly index: number; readonly fields: ReadonlySet<string> }[] = [];

  /** The largest checkpoint that holds, so far. */
  held: Claim | undefined;
  trust: Trust | undefined;
  erased = 0;

  constructor(claims: Claims, storedHash: (index: number) => Uint8Array | undefined, problems: ProblemSink) {
    this.#claims = claims;
    this.#storedHash = storedHash;
    this.#problems = problems;
    this.#checkClaims();
  }

  /** Whether some entry was found not to be the one in the tree. */
  get diverged(): boolean {
    return this.#stored !== undefined;
  }

  get root(): Uint8Array {
    return this.#actual.root();
  }

  /** An entry that is not there; its stored hash keeps the rest comparable. */
  gap(index: number): void {
    this.#problems.add({ code: 'entry_missing', index, message: `entry ${index} was removed` });
    this.#stored ??= this.#actual.clone();
    this.#add(this.#storedHash(index) ?? NO_HASH, NO_HASH);
  }

  /**
   * Takes 256 entries at once, whose hashes are the stored ones; false where they have to be looked at one by one.
   */
  plainTile(tile: PlainTile): boolean {
    if (this.#stored !== undefined || this.#suspects.length > 0 || this.#pending.length > 0) return false;
    if (tile.firstTime < this.#lastTime) return false;
    if (this.#claimsWithin(this.#actual.size, TILE_WIDTH)) {
      for (let each = 0; each < TILE_WIDTH; each++) {
        const hash = tile.hashes.subarray(each * HASH_BYTES, (each + 1) * HASH_BYTES);
        this.#add(hash, hash);
      }
    } else {
      this.#actual.appendSubtree(tile.root, TILE_WIDTH);
      const { edge, tiles } = appendTileToEdge(this.#edge, tile.root);
      this.#edge = edge;
      this.#upperTiles.push(...tiles);
      this.#checkClaims();
    }
    this.#lastTime = tile.lastTime;
    this.trust = tile.cooperative ? 'cooperative' : (this.trust ?? 'enforced');
    return true;
  }

  /** Whether a checkpoint stands before the end of the next `width` entries. */
  #claimsWithin(from: number, width: number): boolean {
    for (let size = from + 1; size < from + width; size++) if (this.#claims.has(size)) return true;
    return false;
  }

  entry(entry: StoredEntry): void {
    const plain = this.#stored === undefined ? plainEntry(entry) : undefined;
    if (plain !== undefined && plain.time >= this.#lastTime) {
      const hash = leafHash(entry.leaf);
      const stored = this.#storedHash(entry.index);
      if (stored !== undefined && equalHashes(stored, hash)) {
        this.#add(hash, hash);
        this.#lastTime = plain.time;
        this.trust = plain.cooperative ? 'cooperative' : (this.trust ?? 'enforced');
        return;
      }
    }
    const findings = verifyEntry(entry);
    // What a changed leaf says about its detail, its time or an erasure means nothing.
    if (this.#append(entry.index, leafHash(entry.leaf), findings)) this.#believe(entry.index, findings);
  }

  /** Takes what an entry says for what was written. */
  #believe(index: number, findings: EntryFindings): void {
    const { leaf, decisionId, missing, leafFault, detailFault } = findings;
    const named = decisionId === undefined ? { index } : { index, decision_id: decisionId };
    if (leafFault !== undefined) {
      this.#problems.add({
        code: 'entry_unreadable',
        ...named,
        message: `entry ${index} cannot be read: ${leafFault}`,
      });
    }
    if (detailFault !== undefined) {
      const message = `what lies beside entry ${index} was changed: ${detailFault}`;
      this.#problems.add({ code: 'detail_changed', ...named, message });
    }
    if (missing.length > 0) this.#missing.set(index, { fields: missing, id: decisionId });
    if (leaf === undefined) return;
    if (leaf.time < this.#lastTime) {
      const message = `entry ${index} is of ${leaf.time}, one before it of ${this.#lastTime}`;
      this.#problems.add({ code: 'time_backwards', ...named, message });
    }
    this.#lastTime = leaf.time;
    this.trust = leaf.trust === 'cooperative' ? 'cooperative' : (this.trust ?? 'enforced');
    if (leaf.core.kind === 'administrative' && leaf.core.event === 'erasure') {
      // Only what lies before an entry can have been erased when it was written.
      const before = (leaf.core.erases ?? []).filter((each) => each.index < index);
      this.#erasures.push(...before.map((each) => ({ index: each.index, fields: new Set(each.fields) })));
    }
  }

  finish(): void {
    this.#nameSuspects();
    this.#fillEdge();
    for (const { index, fields } of this.#erasures) {
      const gone = this.#missing.get(index);
      if (gone === undefined) continue;
      const left = gone.fields.filter((field) => !fields.has(field));
      this.erased += gone.fields.length - left.length;
      this.#missing.set(index, { ...gone, fields: left });
    }
    for (const [index, { fields, id }] of this.#missing) {
      if (fields.length === 0) continue;
      const names = fields.map((field) => `\`${field}\``).join(', ');
      this.#problems.add({
        code: 'detail_missing',
        index,
        ...(id === undefined ? {} : { decision_id: id }),
        message: `${names} of entry ${index} is gone and no entry records its erasure`,
      });
    }
  }

  /** The cells of full tiles above those of the leaves, as the entries give them. */
  upperTiles(): readonly (readonly [cell: string, text: string])[] {
    return this.#upperTiles.map(({ level, index, hashes }) => [
      tileCell(level, index),
      Buffer.from(hashes).toString('base64'),
    ]);
  }

  /** The right edge of the tree as the entries give it. */
  get edge(): TreeEdge {
    return this.#edge;
  }

  /** Adds a hash to the trees; tells whether it is the stored one. */
  #append(index: number, hash: Uint8Array, findings: EntryFindings): boolean {
    const stored = this.#storedHash(index);
    const matches = stored !== undefined && equalHashes(stored, hash);
    if (!matches) {
      this.#stored ??= this.#actual.clone();
      this.#suspects.push({ index, findings });
    }
    this.#add(stored ?? NO_HASH, hash);
    return matches;
  }

  #add(stored: Uint8Array, hash: Uint8Array): void {
    this.#stored?.append(stored);
    this.#actual.append(hash);
    this.#pending.push(hash);
    if (this.#pending.length === TILE_WIDTH) this.#fillEdge();
    this.#checkClaims();
  }

  #fillEdge(): void {
    const { edge, tiles } = appendToEdge(this.#edge, this.#pending);
    this.#edge = edge;
    this.#pending = [];
    // Tiles of leaf hashes were compared hash by hash.
    this.#upperTiles.push(...tiles.filter((tile) => tile.level > 0));
  }

  #checkClaims(): void {
    const claims = this.#claims.get(this.#actual.size);
    if (claims === undefined) return;
    const actual = this.#actual.root();
    for (const claim of claims) this.#checkClaim(claim, actual);
    this.#lastHeldSize = this.held?.checkpoint.size ?? 0;
  }

  #checkClaim(claim: Claim, actual: Uint8Array): void {
    const { root, size } = claim.checkpoint;
    if (equalHashes(root, actual)) {
      this.held = claim;
      this.#blameTree();
      return;
    }
    const explained = this.#stored !== undefined && equalHashes(root, this.#stored.root());
    this.#nameSuspects();
    const code = claim.from === 'seen' ? 'log_rewritten' : 'checkpoint_mismatch';
    // Every later checkpoint fails for the same reason: the first bounds the place.
    if (explained || this.#reported.has(code)) return;
    this.#reported.add(code);
    const range = `entries ${this.#lastHeldSize} to ${size - 1}`;
    const message =
      claim.from === 'seen'
        ? `${range} do not continue the log that was seen before`
        : `${range} do not give the root that was signed for size ${size}`;
    this.#problems.add({ code, message });
  }

  /** The entries have the signed root: where the stored tree says otherwise, it was changed. */
  #blameTree(): void {
    for (const { index, findings } of this.#suspects) {
      this.#believe(index, findings);
      this.#problems.add({
        code: 'tree_changed',
        index,
        message: `the stored tree has another hash for entry ${index}`,
      });
    }
    this.#suspects = [];
    this.#stored = undefined;
  }

  #nameSuspects(): void {
    for (const { index, findings } of this.#suspects) {
      const { decisionId } = findings;
      this.#problems.add({
        code: 'entry_changed',
        index,
        ...(decisionId === undefined ? {} : { decision_id: decisionId }),
        message: `entry ${index} is not the one that was hashed into the tree`,
      });
    }
    this.#suspects = [];
  }
}
