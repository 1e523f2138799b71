import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openStoreReader, type StoreReader } from '@writ/store';
import { LATEST_CHECKPOINT_CELL, LATEST_COSIGNED_CELL } from './cells.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { writeWhole } from './checkpointer.ts';
import { parseNote } from './note.ts';
import type { NodeReader } from './proof.ts';
import { storedTree } from './tiles.ts';
import { TILE_WIDTH } from './tree-edge.ts';

/** Levels of the tree that one level of tiles covers. */
const TILE_LEVELS = 8;

export type TilesExport =
  | { readonly ok: true; readonly size: number; readonly files: number }
  | { readonly ok: false; readonly message: string };

/**
 * Writes the log as C2SP tlog-tiles lays it out, for tools that share no code with us: `checkpoint`, `tile/L/N`,
 * `tile/entries/N`. What is personal does not lie in the tree, so it is not in there either. Done again it adds what is
 * new: full tiles are written once, and the checkpoint last.
 */
export function exportTiles(directory: string, out: string): TilesExport {
  let reader: StoreReader | undefined;
  try {
    reader = openStoreReader(directory);
    return writeTiles(reader, out);
  } catch (cause) {
    return { ok: false, message: cause instanceof Error ? cause.message : String(cause) };
  } finally {
    reader?.close();
  }
}

function writeTiles(reader: StoreReader, out: string): TilesExport {
  const note = newestNote(reader);
  const checkpoint = note === undefined ? undefined : parseCheckpoint(parseNote(note)?.text ?? '');
  if (note === undefined || checkpoint === undefined)
    return { ok: false, message: 'nothing of this log is signed yet' };
  const { size } = checkpoint;
  const { node } = storedTree((cell) => reader.read(cell));
  let files = 0;
  const write = (path: string, bytes: () => Uint8Array): void => {
    const target = join(out, path);
    if (existsSync(target)) return;
    mkdirSync(dirname(target), { recursive: true });
    writeWhole(target, bytes());
    files += 1;
  };
  for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / TILE_WIDTH)) {
    for (const [number, held] of tilesOf(count))
      write(`tile/${level}/${tilePath(number, held)}`, () => hashesOf(node, level, number, held));
  }
  for (const [number, held] of tilesOf(size))
    write(`tile/entries/${tilePath(number, held)}`, () => entriesOf(reader, number * TILE_WIDTH, held));
  mkdirSync(out, { recursive: true });
  writeWhole(join(out, 'checkpoint'), note);
  return { ok: true, size, files: files + 1 };
}

/** The cosigned checkpoint where it is as new as the latest, else the latest. */
function newestNote(reader: StoreReader): string | undefined {
  const latest = reader.read(LATEST_CHECKPOINT_CELL);
  const cosigned = reader.read(LATEST_COSIGNED_CELL);
  const same = cosigned !== undefined && parseNote(cosigned)?.text === parseNote(latest ?? '')?.text;
  return same ? cosigned : latest;
}

function* tilesOf(count: number): Generator<readonly [number: number, held: number]> {
  for (let number = 0; number * TILE_WIDTH < count; number++)
    yield [number, Math.min(TILE_WIDTH, count - number * TILE_WIDTH)];
}

function hashesOf(node: NodeReader, level: number, number: number, held: number): Uint8Array {
  return Buffer.concat(
    Array.from({ length: held }, (_, each) => node(level * TILE_LEVELS, number * TILE_WIDTH + each)),
  );
}

/** Entries one after another, each behind its length in two bytes, the higher one first. */
function entriesOf(reader: StoreReader, first: number, held: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { leaf } of reader.entries(first, first + held)) {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(leaf.byteLength);
    parts.push(length, leaf);
  }
  return Buffer.concat(parts);
}

/** `x001/x234/067` for tile 1,234,067; one that is not full says how many it holds. */
export function tilePath(number: number, held: number): string {
  const parts = [String(number % 1000).padStart(3, '0')];
  for (let rest = Math.floor(number / 1000); rest > 0; rest = Math.floor(rest / 1000))
    parts.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  return `${parts.join('/')}${held < TILE_WIDTH ? `.p/${held}` : ''}`;
}
