import type { Store } from '@writ/store';
import { expect, it } from 'vitest';
import { PendingIndex } from '../../src/pipeline/pending-index.ts';

/** A store that waits for a sign before it tells how long its log is, and has no cells. */
function storeThatWaits() {
  const asked: (() => void)[] = [];
  const store = {
    logSize: () => new Promise<number>((resolve) => asked.push(() => resolve(asked.length))),
    scan: () => Promise.resolve([]),
    entries: () => Promise.resolve([]),
    read: () => Promise.resolve(undefined),
  } as unknown as Store;
  return { store, asked };
}

const turns = async (): Promise<void> => {
  for (let each = 0; each < 20; each++) await Promise.resolve();
};

it('is brought up to date once for all who ask before that begins, and again for those who ask later', async () => {
  const { store, asked } = storeThatWaits();
  const index = new PendingIndex(store, () => 0);
  const first = index.list();
  await turns();
  expect(asked).toHaveLength(1);
  // What these ask for may have been committed after the first one looked.
  const later = Array.from({ length: 50 }, () => index.list());
  await turns();
  expect(asked).toHaveLength(1);
  asked[0]?.();
  await first;
  await turns();
  expect(asked).toHaveLength(2);
  asked[1]?.();
  await Promise.all(later);
  expect(asked).toHaveLength(2);
});

it('asks again after a fault of the store', async () => {
  let faults = 1;
  const store = {
    ...storeThatWaits().store,
    logSize: () => (faults-- > 0 ? Promise.reject(new Error('gone')) : Promise.resolve(0)),
  } as unknown as Store;
  const index = new PendingIndex(store, () => 0);
  const both = [index.list(), index.list()];
  await expect(both[0]).rejects.toThrow('gone');
  await expect(both[1]).rejects.toThrow('gone');
  expect(await index.list()).toEqual([]);
});
