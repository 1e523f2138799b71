import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStoreReader, StoreError } from '../src/index.ts';
import { Temporary } from './temporary.ts';

function thrownCode(work: () => unknown): unknown {
  try {
    work();
    return 'nothing thrown';
  } catch (cause) {
    return cause instanceof StoreError ? cause.code : cause;
  }
}

describe('a reader', () => {
  it('sees what was committed when it was opened, beside a running owner', async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    const store = await temporary.store(directory, ['counter']);
    await store.call('counter', { key: 'a', amount: 1, padding: 2 });
    const reader = openStoreReader(directory);
    await store.call('counter', { key: 'a', amount: 1 });
    expect(reader.logSize()).toBe(1);
    expect(reader.read('a')).toBe('1');
    expect(reader.read('b')).toBeUndefined();
    expect([...reader.scan('a')]).toEqual([['a', '1']]);
    expect([...reader.entries(0, 9)].map(({ index, detail }) => [index, detail])).toEqual([[0, 'xx']]);
    reader.close();
    const later = openStoreReader(directory);
    expect(later.logSize()).toBe(2);
    later.close();
  });

  it('reads a copy of a running store and leaves it as it is', async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    const store = await temporary.store(directory, ['counter']);
    await store.call('counter', { key: 'a', amount: 1 });
    const copy = join(temporary.folder(), 'copy');
    mkdirSync(copy);
    // The lock and the socket stay behind: a copy has no owner.
    for (const name of readdirSync(directory).filter((each) => each.startsWith('store.sqlite'))) {
      cpSync(join(directory, name), join(copy, name));
    }
    const reader = openStoreReader(copy);
    expect(reader.logSize()).toBe(1);
    reader.close();
    expect(await store.call('counter', { key: 'a', amount: 1 })).toMatchObject({ sum: 2 });
  });

  it('reads a closed copy in a folder where nothing can be written', async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    const store = await temporary.store(directory, ['counter']);
    await store.call('counter', { key: 'a', amount: 1 });
    await store.close();
    rmSync(join(directory, 'owner.lock'));
    chmodSync(directory, 0o500);
    const reader = openStoreReader(directory);
    expect(reader.logSize()).toBe(1);
    reader.close();
    chmodSync(directory, 0o700);
  });

  it('refuses what is no store', async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    expect(thrownCode(() => openStoreReader(directory))).toBe('store_io');
    writeFileSync(
      join(directory, 'store.sqlite'),
      'this is not a database, however long it may be. '.repeat(100),
    );
    expect(thrownCode(() => openStoreReader(directory))).toBe('store_corrupt');
  });
});
