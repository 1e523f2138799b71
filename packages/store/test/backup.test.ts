import { openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { backupStore, openStoreReader, restoreStore, StoreError } from '../src/index.ts';
import { Temporary } from './temporary.ts';

function codeThrown(work: () => unknown): unknown {
  try {
    return work();
  } catch (cause) {
    return cause instanceof StoreError ? cause.code : cause;
  }
}

it('[P-STORE-BACKUP] a backup beside a running owner is one moment of it, and is restored whole', async () => {
  await using temporary = new Temporary();
  const directory = temporary.folder();
  const store = await temporary.store(directory, ['counter']);
  const count = (times: number) =>
    Promise.all(
      Array.from({ length: times }, () => store.call('counter', { key: 'a', amount: 1, padding: 50 })),
    );
  await count(300);
  const going = count(500);
  const target = join(temporary.folder(), 'backup');
  const report = backupStore(directory, target);
  await going;
  expect(report.entries).toBeGreaterThanOrEqual(300);
  expect(statSync(join(target, 'store.sqlite')).mode & 0o777).toBe(0o600);
  const restored = join(temporary.folder(), 'data');
  expect(restoreStore(target, restored)).toMatchObject({ entries: report.entries });
  const reader = openStoreReader(restored);
  expect([reader.logSize(), reader.read('a')]).toEqual([report.entries, String(report.entries)]);
  reader.close();
  const again = await temporary.store(restored, ['counter']);
  expect(again.recovery).toMatchObject({ unclean: false, logSize: report.entries });
  expect(await again.call('counter', { key: 'a', amount: 1 })).toMatchObject({ sum: report.entries + 1 });
  expect(await store.read('a')).toBe('800');
});

it('nothing is overwritten, and a damaged backup is not restored', async () => {
  await using temporary = new Temporary();
  const directory = temporary.folder();
  const store = await temporary.store(directory, ['counter']);
  await Promise.all(
    Array.from({ length: 200 }, (_, each) =>
      store.call('counter', { key: `k${each}`, amount: 1, padding: 2_000 }),
    ),
  );
  const target = temporary.folder();
  backupStore(directory, target);
  expect(codeThrown(() => backupStore(directory, target))).toBe('store_io');
  expect(codeThrown(() => restoreStore(target, directory))).toBe('store_io');
  expect(codeThrown(() => restoreStore(temporary.folder(), temporary.folder()))).toBe('store_io');
  const path = join(target, 'store.sqlite');
  writeSync(openSync(path, 'r+'), Buffer.alloc(60_000, 0x5a), 0, 60_000, Math.floor(statSync(path).size / 2));
  expect(codeThrown(() => restoreStore(target, join(temporary.folder(), 'data')))).toBe('store_corrupt');
});
