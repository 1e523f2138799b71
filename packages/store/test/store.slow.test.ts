import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { CounterResult } from './fixtures/counter.ts';
import { storeContract } from './store-contract.ts';
import { codeOf, Temporary } from './temporary.ts';

const decoder = new TextDecoder();

storeContract('SQLite', async () => {
  const temporary = new Temporary();
  const directory = temporary.folder();
  return {
    store: (procedures, options) => temporary.store(directory, procedures, options),
    placed: async (store, size) => expect(await store.logSize()).toBe(size),
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  };
});

describe('a store', () => {
  it('keeps cells and log over a close', async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    const first = await temporary.store(directory, ['counter']);
    expect(first.role).toBe('owner');
    expect(first.recovery).toEqual({
      unclean: false,
      framesRecovered: 0,
      framesIgnored: 0,
      check: 'skipped',
      logSize: 0,
    });
    const result: CounterResult = await first.call('counter', { key: 'a', amount: 2, mark: 'é', padding: 3 });
    expect(result).toMatchObject({ index: 0, sum: 2 });
    await first.call('counter', { key: 'a', amount: 3 });
    await first.close();
    const second = await temporary.store(directory, ['counter']);
    expect(second.recovery).toMatchObject({ unclean: false, check: 'skipped', logSize: 2 });
    expect(await second.read('a')).toBe('5');
    expect(await second.read('b')).toBeUndefined();
    expect(await second.logSize()).toBe(2);
    const entries = await second.entries(0, 10);
    expect(entries.map(({ index, detail }) => [index, detail])).toEqual([
      [0, 'xxx'],
      [1, null],
    ]);
    expect(decoder.decode(entries[0]?.leaf)).toBe('{"key":"a","amount":2,"sum":2,"mark":"é"}');
  });

  it('makes files that only their owner reads', async () => {
    await using temporary = new Temporary();
    const directory = join(temporary.folder(), 'data');
    const store = await temporary.store(directory, ['counter']);
    await store.call('counter', { key: 'a', amount: 1 });
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(directory)) {
      expect([name, statSync(join(directory, name)).mode & 0o077]).toEqual([name, 0]);
    }
  });

  it('refuses requests and procedures that it cannot run', async () => {
    await using temporary = new Temporary();
    const store = await temporary.store(temporary.folder(), ['counter']);
    expect(await codeOf(store.call('nothing', {}))).toBe('store_procedure_failed');
    expect(await codeOf(store.call('$read', { key: 'a' }))).toBe('store_procedure_failed');
    expect(await codeOf(store.call('counter', { key: 'a', amount: 1n }))).toBe('store_procedure_failed');
    expect(await codeOf(store.call('counter', undefined))).toBe('store_procedure_failed');
    const other = temporary.folder();
    expect(await codeOf(temporary.store(other, ['not-a-procedure']))).toBe('store_procedure_failed');
    expect(await codeOf(temporary.store(other, ['missing']))).toBe('store_procedure_failed');
    expect(await codeOf(temporary.store(other, ['counter', 'counter']))).toBe('store_procedure_failed');
    expect((await temporary.store(other, ['counter'])).role).toBe('owner');
  });

  it('answers what it has taken before it closes, and nothing after', async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    const store = await temporary.store(directory, ['counter']);
    const calls = Array.from({ length: 100 }, () => codeOf(store.call('counter', { key: 'a', amount: 1 })));
    const closed = store.close();
    expect(await codeOf(store.call('counter', { key: 'a', amount: 1 }))).toBe('store_closed');
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['resolved']));
    await closed;
    expect(await codeOf(store.read('a'))).toBe('store_closed');
    expect(readdirSync(directory).sort()).toEqual(['owner.lock', 'store.sqlite']);
  });

  it('clamps a clock that stepped back and says by how much', async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    const first = await temporary.store(directory, ['counter']);
    const before: CounterResult = await first.call('counter', { key: 'a', amount: 1 });
    expect(before.steppedBackMs).toBeUndefined();
    await first.close();
    const aheadMs = before.nowMs + 3_600_000;
    const sqlite = new DatabaseSync(join(directory, 'store.sqlite'));
    sqlite.prepare("update meta set value = ? where name = 'clock_ms'").run(aheadMs);
    sqlite.close();
    const second = await temporary.store(directory, ['counter']);
    const after: CounterResult = await second.call('counter', { key: 'a', amount: 1 });
    expect(after.nowMs).toBe(aheadMs);
    expect(after.steppedBackMs).toBeGreaterThan(3_500_000);
  });

  it('refuses files of a newer version', async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    await (await temporary.store(directory, ['counter'])).close();
    const sqlite = new DatabaseSync(join(directory, 'store.sqlite'));
    sqlite.exec("update meta set value = 99 where name = 'schema'");
    sqlite.close();
    expect(await codeOf(temporary.store(directory, ['counter']))).toBe('store_schema_newer');
  });
});

describe('the closing of a batch', () => {
  it('runs once for all procedures that share it, with the entries of all', async () => {
    await using temporary = new Temporary();
    const store = await temporary.store(temporary.folder(), ['closing', 'closing-too', 'counter']);
    await Promise.all([
      store.call('closing', { mark: 'a' }),
      store.call('closing-too', { mark: 'b' }),
      store.call('counter', { key: 'k', amount: 1 }),
    ]);
    expect(await store.scan('closing/')).toEqual([
      ['closing/entries', '3'],
      ['closing/last/0', '2'],
      ['closing/runs', '1'],
    ]);
    await store.call('counter', { key: 'k', amount: 1 });
    expect(await store.read('closing/entries')).toBe('4');
  });

  it('refuses only the call that makes it fail', async () => {
    await using temporary = new Temporary();
    const store = await temporary.store(temporary.folder(), ['closing']);
    const marks = ['a', 'poison', 'b', 'c'];
    const codes = await Promise.all(marks.map((mark) => codeOf(store.call('closing', { mark }))));
    expect(codes).toEqual(['resolved', 'store_procedure_failed', 'resolved', 'resolved']);
    expect((await store.entries(0, 9)).map(({ leaf }) => decoder.decode(leaf))).toEqual(['a', 'b', 'c']);
    expect(await store.read('closing/entries')).toBe('3');
  });
});
