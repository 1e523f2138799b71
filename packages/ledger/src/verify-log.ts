import { openStoreReader, type StoredEntry, type StoreReader } from '@writ/store';
import { EDGE_CELL, tileCell } from './cells.ts';
import type { Trust } from './entry.ts';
import { type FollowedRotation, followRotations } from './follow-rotations.ts';
import { type NoteVerifier, parseVerifierKey } from './note.ts';
import { readEdge } from './stored-edge.ts';
import { openTileThreads, type TileThreads } from './tile-threads.ts';
import { parseTile } from './tiles.ts';
import { formatEdge, TILE_WIDTH } from './tree-edge.ts';
import { equalHashes, HASH_BYTES } from './tree-hash.ts';
import { type Claim, type Claims, collectClaims } from './verify-checkpoints.ts';
import { ProblemSink, type VerifyProblem } from './verify-problem.ts';
import { VerifyWalk } from './verify-walk.ts';

export interface VerifyOptions {
  /** The data directory, or a copy of it; opened for reading only, beside a running owner or without one. */
  readonly directory: string;
  /** Public keys of the log in their text form: the first that signed it, or any later one and those before; later ones are followed. */
  readonly verifierKeys: readonly string[];
  /** The checkpoint that this verifier remembers from last time (`seen` of the report then). */
  readonly seen?: string;
  /** Entries from which on `verifyLogInThreads` starts threads. Default 16,384: with fewer, starting them takes longer. */
  readonly threadsFrom?: number;
}

/** What verification found. `ok` only where nothing is wrong and a signed checkpoint covers the log. */
export interface VerifyReport {
  readonly ok: boolean;
  readonly size: number;
  /** Root over the entries as they are, base64. */
  readonly root: string;
  /** The largest checkpoint that holds. */
  readonly checkpoint?: {
    readonly origin: string;
    readonly size: number;
    readonly time?: string;
    readonly trust?: Trust;
  };
  /** Its note, to be remembered and given as `seen` next time; absent unless `ok`. */
  readonly seen?: string;
  /** Entries after the last checkpoint: nothing signed protects them yet. */
  readonly uncheckpointed: number;
  /** Fields that were erased, with an entry that says so. */
  readonly erased: number;
  /** Keys that were not given, each vouched for by one before it; absent where there are none. */
  readonly followed?: readonly FollowedRotation[];
  /** `cooperative` when any entry or checkpoint is. */
  readonly trust?: Trust;
  /** At most 1,000; those about the whole log first, then by entry. */
  readonly problems: readonly VerifyProblem[];
  readonly problem_count: number;
}

/**
 * Verifies a log from its files: hashes every entry anew and holds it against the stored tree, which names the entry
 * that changed; holds every detail against its commitments; rebuilds the root and holds it against every signed
 * checkpoint and the one remembered. Synchronous, in constant memory. Never throws for what is in the files.
 */
export function verifyLog(options: VerifyOptions): VerifyReport {
  const problems = new ProblemSink();
  let pass: Pass | undefined;
  try {
    pass = beginPass(options, problems);
    walkEntries(pass, 0, pass.size);
    return concludePass(pass);
  } catch (cause) {
    problems.add({ code: 'files_unreadable', message: messageOf(cause) });
    return emptyReport(problems);
  } finally {
    pass?.reader.close();
  }
}

const THREADS_FROM = 16_384;

/**
 * The same by as many threads as the machine runs at once: they look over the entries, and what they find nothing wrong
 * with is only put together here. Never rejects for what is in the files.
 */
export async function verifyLogInThreads(options: VerifyOptions): Promise<VerifyReport> {
  const problems = new ProblemSink();
  let pass: Pass | undefined;
  let threads: TileThreads | undefined;
  try {
    pass = beginPass(options, problems);
    const tiles = Math.floor(pass.size / TILE_WIDTH);
    threads = openTileThreads(options.directory, tiles, (options.threadsFrom ?? THREADS_FROM) / TILE_WIDTH);
    if (threads === undefined) walkEntries(pass, 0, pass.size);
    else {
      for (let index = 0; index < tiles; index++) {
        const tile = await threads.tile(index);
        const asStored = tile !== undefined && isStored(pass.storedTile(index), tile.hashes);
        if (asStored && pass.walk.plainTile(tile)) continue;
        walkEntries(pass, index * TILE_WIDTH, (index + 1) * TILE_WIDTH);
      }
      walkEntries(pass, tiles * TILE_WIDTH, pass.size);
    }
    return concludePass(pass);
  } catch (cause) {
    problems.add({ code: 'files_unreadable', message: messageOf(cause) });
    return emptyReport(problems);
  } finally {
    threads?.close();
    pass?.reader.close();
  }
}

function isStored(stored: Uint8Array | undefined, hashes: Uint8Array): boolean {
  return stored !== undefined && equalHashes(stored, hashes);
}

/** One pass over a log: what is read, and what was found so far. */
interface Pass {
  readonly reader: StoreReader;
  readonly size: number;
  readonly claims: Claims;
  readonly walk: VerifyWalk;
  readonly problems: ProblemSink;
  readonly followed: readonly FollowedRotation[];
  /** The stored hashes of a full tile. */
  storedTile(index: number): Uint8Array | undefined;
}

function beginPass(options: VerifyOptions, problems: ProblemSink): Pass {
  const given = readKeys(options.verifierKeys, problems);
  const reader = openStoreReader(options.directory);
  try {
    const size = reader.logSize();
    const { verifiers, followed } = followRotations(reader, given);
    const claims = collectClaims(reader, options.directory, verifiers, options.seen, problems);
    const walk = new VerifyWalk(claims, storedHashes(reader), problems);
    const storedTile = (index: number) => parseTile(reader.read(tileCell(0, index)));
    return { reader, size, claims, walk, problems, followed, storedTile };
  } catch (cause) {
    reader.close();
    throw cause;
  }
}

/** Looks at entries one by one. */
function walkEntries({ reader, walk }: Pass, from: number, to: number): void {
  for (const entry of contiguous(reader.entries(from, to), from, to, walk)) walk.entry(entry);
}

function concludePass({ reader, size, claims, walk, problems, followed }: Pass): VerifyReport {
  walk.finish();
  verifyStoredTree(reader, walk, problems);
  const best = verifyCoverage(claims, size, walk, problems);
  const ok = problems.count === 0;
  return {
    ok,
    size,
    root: Buffer.from(walk.root).toString('base64'),
    ...(best === undefined ? {} : { checkpoint: describe(best) }),
    ...(ok && best !== undefined ? { seen: best.note } : {}),
    uncheckpointed: size - (best?.checkpoint.size ?? 0),
    erased: walk.erased,
    ...(followed.length === 0 ? {} : { followed }),
    ...(walk.trust === undefined
      ? {}
      : { trust: best?.checkpoint.trust === 'cooperative' ? 'cooperative' : walk.trust }),
    problems: problems.list(),
    problem_count: problems.count,
  };
}

function* contiguous(
  entries: Iterable<StoredEntry>,
  from: number,
  size: number,
  walk: VerifyWalk,
): Generator<StoredEntry> {
  let expected = from;
  for (const entry of entries) {
    for (; expected < entry.index; expected++) walk.gap(expected);
    yield entry;
    expected = entry.index + 1;
  }
  for (; expected < size; expected++) walk.gap(expected);
}

/** The hash that the stored tree has for each entry, tile by tile; undefined where it has none. */
function storedHashes(reader: StoreReader): (index: number) => Uint8Array | undefined {
  const edge = readEdge((cell) => reader.read(cell));
  const growing = edge === undefined ? -1 : Math.floor(edge.size / TILE_WIDTH);
  let tileIndex = -1;
  let hashes: Uint8Array | undefined;
  return (index) => {
    const wanted = Math.floor(index / TILE_WIDTH);
    if (wanted !== tileIndex) {
      tileIndex = wanted;
      hashes = wanted === growing ? edge?.levels[0] : parseTile(reader.read(tileCell(0, wanted)));
    }
    const start = (index % TILE_WIDTH) * HASH_BYTES;
    const hash = hashes?.subarray(start, start + HASH_BYTES);
    return hash?.byteLength === HASH_BYTES ? hash : undefined;
  };
}

/** Compares the stored tree above the leaves with the one that the entries give. */
function verifyStoredTree(reader: StoreReader, walk: VerifyWalk, problems: ProblemSink): void {
  const changed = walk.upperTiles().find(([cell, text]) => reader.read(cell) !== text)?.[0];
  const edge = readEdge((cell) => reader.read(cell));
  const isEdgeKept = edge !== undefined && formatEdge(edge) === formatEdge(walk.edge);
  const cell = changed ?? (isEdgeKept ? undefined : EDGE_CELL);
  // A changed entry changes the tree above it; that it is named is enough.
  if (cell !== undefined && !walk.diverged) {
    problems.add({ code: 'tree_changed', message: `the cell \`${cell}\` of the tree was changed` });
  }
}

/** Every claim must have been met on the way; the largest that was is what the log stands on. */
function verifyCoverage(
  claims: Claims,
  size: number,
  walk: VerifyWalk,
  problems: ProblemSink,
): Claim | undefined {
  for (const [claimed, list] of claims) {
    if (claimed <= size) continue;
    for (const { from } of list) {
      const who = from === 'seen' ? 'the checkpoint remembered from before' : 'a signed checkpoint';
      problems.add({
        code: 'log_truncated',
        message: `${who} covers ${claimed} entries, the log has ${size}`,
      });
    }
  }
  const best = walk.held;
  if (size > 0 && ![...claims.values()].flat().some((claim) => claim.from !== 'seen')) {
    problems.add({ code: 'checkpoint_missing', message: 'no signed checkpoint is stored with the log' });
  }
  return best;
}

function describe({ checkpoint }: Claim): NonNullable<VerifyReport['checkpoint']> {
  const { origin, size, time, trust } = checkpoint;
  return { origin, size, ...(time === undefined ? {} : { time }), ...(trust === undefined ? {} : { trust }) };
}

function readKeys(texts: readonly string[], problems: ProblemSink): readonly NoteVerifier[] {
  return texts.flatMap((text) => {
    const verifier = parseVerifierKey(text);
    if (verifier !== undefined) return [verifier];
    problems.add({
      code: 'key_unreadable',
      message: 'a given public key is not of the form `name+id+base64`',
    });
    return [];
  });
}

function emptyReport(problems: ProblemSink): VerifyReport {
  const report = { ok: false, size: 0, root: '', uncheckpointed: 0, erased: 0 };
  return { ...report, problems: problems.list(), problem_count: problems.count };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
