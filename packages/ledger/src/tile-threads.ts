import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { PlainTile } from './verify-walk.ts';
import type { TilesAnswer } from './verify-worker.ts';

/** Tiles that a thread looks over in one go: some 4,000 entries. */
const TILES_AT_ONCE = 16;
/** Pieces asked for ahead of the one that is needed, for each thread. */
const AHEAD = 2;
const THREADS_MAX = 8;

/** Full tiles looked over by threads, in order. */
export interface TileThreads {
  /** What was found of a tile; undefined where its entries have to be looked at one by one. In ascending order only. */
  tile(index: number): Promise<PlainTile | undefined>;
  close(): void;
}

/** Starts threads for a log of so many full tiles; undefined where there are fewer than `tilesMin`. */
export function openTileThreads(directory: string, tiles: number, tilesMin: number): TileThreads | undefined {
  if (tiles < Math.max(1, tilesMin)) return undefined;
  const count = Math.min(THREADS_MAX, availableParallelism(), Math.ceil(tiles / TILES_AT_ONCE));
  const answers = new Map<number, Promise<TilesAnswer['tiles']>>();
  const waiting = new Map<number, (found: TilesAnswer['tiles']) => void>();
  // Where a thread fails, nothing more is asked of any: the entries are looked at one by one.
  let lost = false;
  const giveUp = (): void => {
    lost = true;
    for (const resolve of waiting.values()) resolve([]);
    waiting.clear();
  };
  const threads = Array.from({ length: count }, () => {
    const thread = new Worker(new URL('./verify-worker.ts', import.meta.url), { workerData: { directory } });
    thread.on('message', ({ first, tiles: found }: TilesAnswer) => {
      waiting.get(first)?.(found);
      waiting.delete(first);
    });
    thread.on('error', giveUp);
    thread.on('exit', giveUp);
    return thread;
  });
  let asked = 0;
  const ask = (): void => {
    const first = asked * TILES_AT_ONCE;
    const thread = threads[asked % count] as Worker;
    asked += 1;
    answers.set(
      first,
      new Promise((resolve) => {
        if (lost) return resolve([]);
        waiting.set(first, resolve);
        thread.postMessage({ first, count: Math.min(TILES_AT_ONCE, tiles - first) });
      }),
    );
  };
  return {
    tile: async (index) => {
      while (asked < index / TILES_AT_ONCE + count * AHEAD && asked * TILES_AT_ONCE < tiles) ask();
      const first = Math.floor(index / TILES_AT_ONCE) * TILES_AT_ONCE;
      const found = await answers.get(first);
      if (index === first + TILES_AT_ONCE - 1) answers.delete(first);
      return found?.[index - first];
    },
    close: () => {
      for (const thread of threads) thread.postMessage('close');
    },
  };
}
