import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, openStoreReader, type StoreRecovery } from '../src/index.ts';
import { Child } from './child.ts';
import { fixture } from './temporary.ts';

/** What a run of kills showed. `missing` and `gaps` are empty, or the store broke its promise. */
export interface KillLoopResult {
  readonly kills: number;
  readonly acknowledged: number;
  readonly entries: number;
  /** Marks that were acknowledged and do not stand at their index. */
  readonly missing: readonly string[];
  /** Entries whose sum is not the sum before plus one: an entry without its state change, or the other way round. */
  readonly gaps: readonly number[];
  readonly recoveries: readonly StoreRecovery[];
}

const decoder = new TextDecoder();

/**
 * Kills the owner of one data directory with SIGKILL under load, `times` over, each time at another moment, and
 * looks after each kill whether every acknowledged call is there, whole.
 */
export async function killLoop(times: number): Promise<KillLoopResult> {
  const directory = mkdtempSync(join(tmpdir(), 'writ-kill-'));
  const missing: string[] = [];
  const recoveries: StoreRecovery[] = [];
  let acknowledged = 0;
  try {
    for (let kill = 0; kill < times; kill += 1) {
      const child = new Child(directory, `k${kill}`, 32);
      await child.until(50 + ((kill * 397) % 1_500));
      await child.kill();
      acknowledged += child.acknowledged.length;
      recoveries.push(await recover(directory));
      missing.push(...missingOf(directory, child));
    }
    const { entries, gaps } = sums(directory);
    return { kills: times, acknowledged, entries, missing, gaps, recoveries };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Opens as an owner does after a crash, without a close before, and then leaves the files clean. */
async function recover(directory: string): Promise<StoreRecovery> {
  const store = await openStore({ directory, procedures: [fixture('counter')], timeoutMs: 30_000 });
  try {
    if (store.recovery === undefined) throw new Error('a killed process still owns the directory');
    return store.recovery;
  } finally {
    await store.close();
  }
}

function missingOf(directory: string, { acknowledged }: Child): readonly string[] {
  const reader = openStoreReader(directory);
  try {
    const from = acknowledged.reduce((least, { index }) => Math.min(least, index), Number.POSITIVE_INFINITY);
    const marks = new Map<number, string>();
    for (const { index, leaf } of reader.entries(Number.isFinite(from) ? from : 0, reader.logSize())) {
      marks.set(index, JSON.parse(decoder.decode(leaf)).mark);
    }
    return acknowledged.filter(({ index, mark }) => marks.get(index) !== mark).map(({ mark }) => mark);
  } finally {
    reader.close();
  }
}

function sums(directory: string): { readonly entries: number; readonly gaps: readonly number[] } {
  const reader = openStoreReader(directory);
  try {
    const gaps: number[] = [];
    let sum = 0;
    for (const { index, leaf } of reader.entries(0, reader.logSize())) {
      const found = JSON.parse(decoder.decode(leaf)).sum;
      if (found !== sum + 1) gaps.push(index);
      sum = found;
    }
    if (Number(reader.read('sum') ?? '0') !== sum) gaps.push(reader.logSize());
    return { entries: reader.logSize(), gaps };
  } finally {
    reader.close();
  }
}
