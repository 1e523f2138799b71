import { parentPort, workerData } from 'node:worker_threads';
import { openStoreReader } from '@writ/store';
import { TILE_WIDTH } from './tree-edge.ts';
import { readPlainTile } from './verify-tiles.ts';
import type { PlainTile } from './verify-walk.ts';

/** A thread that looks over full tiles of a log, those that it is asked for. */
export interface TilesAnswer {
  readonly first: number;
  readonly tiles: readonly (PlainTile | undefined)[];
}

const { directory } = workerData as { readonly directory: string };
const port = parentPort;
if (port === null) throw new Error('this module runs as a thread');
const reader = openStoreReader(directory);

port.on('message', (question: { readonly first: number; readonly count: number } | 'close') => {
  if (question === 'close') {
    reader.close();
    port.close();
    return;
  }
  const { first, count } = question;
  const tiles: (PlainTile | undefined)[] = [];
  for (let tile = first; tile < first + count; tile++) tiles.push(tileOf(tile));
  port.postMessage({ first, tiles } satisfies TilesAnswer);
});

/** What cannot be read here is left to who asks, who can say why. */
function tileOf(tile: number): PlainTile | undefined {
  try {
    return readPlainTile(reader.entries(tile * TILE_WIDTH, (tile + 1) * TILE_WIDTH), tile * TILE_WIDTH);
  } catch {
    return undefined;
  }
}
