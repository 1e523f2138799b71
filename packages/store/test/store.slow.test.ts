import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { CounterResult } from './fixtures/counter.ts';
import type { Misdeed } from './fixtures/misbehaving.ts';
import { codeOf, Temporary } from './temporary.ts';

const decoder = new TextDecoder();

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

  it('gives cells of a prefix in key order', async () => {
    await using temporary = new Temporary();
    const store = await temporary.store(temporary.folder(), ['counter']);
    const keys = ['p/b', 'p/a', 'p/\u{1f600}', 'p/\uff00', 'p', 'q/a', 'p/a/1', 'p/a\u0000'];
    await Promise.all(keys.map((key) => store.call('counter', { key, amount: 1 })));
    const found = (await store.scan('p/')).map(([key]) => key);
    expect(found).toEqual(['p/a', 'p/a\u0000', 'p/a/1', 'p/b', 'p/\uff00', 'p/\u{1f600}']);
    expect((await store.scan('p/', 2)).map(([key]) => key)).toEqual(['p/a', 'p/a\u0000']);
    expect(await store.scan('p/', 0)).toEqual([]);
  });

  it('gives entries page by page without a gap', async () => {
    await using temporary = new Temporary();
    const store = await temporary.store(temporary.folder(), ['counter']);
    await Promise.all(Array.from({ length: 2_300 }, () => store.call('counter', { key: 'a', amount: 1 })));
    const entries = await store.entries(100, 2_250);
    expect(entries.map(({ index }) => index)).toEqual(
      Array.from({ length: 2_150 }, (_, offset) => 100 + offset),
    );
    expect(await store.entries(5, 5)).toEqual([]);
    expect(await store.entries(3_000, 4_000)).toEqual([]);
  });

  it('commits calls that wait together in one transaction', async () => {
    await using temporary = new Temporary();
    const store = await temporary.store(temporary.folder(), ['counter', 'slow']);
    const held = store.call('slow', { key: 'held', holdMs: 300 });
    const calls: Promise<unknown>[] = [];
    // Each turn sends its own message; all arrive while the first transaction is under way.
    for (let turn = 0; turn < 20; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      for (let each = 0; each < 10; each += 1)
        calls.push(store.call('counter', { key: `k${each}`, amount: 1 }));
    }
    await Promise.all([held, ...calls]);
    const { batches, calls: count } = await store.statistics();
    expect(count).toBe(201);
    expect(batches).toBeLessThanOrEqual(20);
  });

  it('[P-BATCH-ISOLATION] undoes a call that throws, and nothing else of its batch', async () => {
    await using temporary = new Temporary();
    const store = await temporary.store(temporary.folder(), ['counter']);
    const amounts = Array.from({ length: 40 }, (_, index) => index);
    const codes = await Promise.all(
      amounts.map((amount) =>
        codeOf(store.call('counter', { key: 'a', amount, mark: `m${amount}`, fail: amount % 3 === 0 })),
      ),
    );
    expect(codes).toEqual(
      amounts.map((amount) => (amount % 3 === 0 ? 'store_procedure_failed' : 'resolved')),
    );
    const kept = amounts.filter((amount) => amount % 3 !== 0);
    expect(await store.read('a')).toBe(String(kept.reduce((sum, amount) => sum + amount, 0)));
    const marks = (await store.entries(0, 100)).map(({ leaf }) => JSON.parse(decoder.decode(leaf)).mark);
    expect(marks).toEqual(kept.map((amount) => `m${amount}`));
    await expect(store.call('counter', { key: 'a', amount: 1, fail: true })).rejects.toThrow(
      'told to fail at',
    );
  });

  const refused: readonly Misdeed[] = [
    'read_undeclared',
    'write_undeclared',
    'remove_undeclared',
    'empty_key',
    'lone_surrogate',
    'value_not_text',
    'leaf_too_large',
    'keys_throw',
    'result_not_json',
  ];
  it.each(refused)('refuses a procedure that misbehaves: %s', async (misdeed) => {
    await using temporary = new Temporary();
    const store = await temporary.store(temporary.folder(), ['misbehaving', 'counter']);
    expect(await codeOf(store.call('misbehaving', { misdeed }))).toBe('store_procedure_failed');
    expect(await store.read('own')).toBeUndefined();
    expect(await codeOf(store.call('counter', { key: 'a', amount: 1 }))).toBe('resolved');
  });

  it('takes nothing from a transaction after its call, and a copy of each leaf', async () => {
    await using temporary = new Temporary();
    const store = await temporary.store(temporary.folder(), ['misbehaving']);
    await store.call('misbehaving', { misdeed: 'keep_transaction' });
    expect(await codeOf(store.call('misbehaving', { misdeed: 'use_kept_transaction' }))).toBe(
      'store_procedure_failed',
    );
    expect(await store.read('own')).toBe('before the misdeed');
    await store.call('misbehaving', { misdeed: 'reuse_buffer' });
    expect((await store.entries(0, 1))[0]?.leaf).toEqual(new Uint8Array([1]));
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

  it('refuses more calls than its queue holds, and takes them again later', async () => {
    await using temporary = new Temporary();
    const store = await temporary.store(temporary.folder(), ['counter'], { queueMax: 5 });
    const calls = Array.from({ length: 8 }, () => codeOf(store.call('counter', { key: 'a', amount: 1 })));
    expect(await Promise.all(calls)).toEqual([
      ...Array(5).fill('resolved'),
      ...Array(3).fill('store_overloaded'),
    ]);
    expect(await codeOf(store.call('counter', { key: 'a', amount: 1 }))).toBe('resolved');
    expect(await store.read('a')).toBe('6');
  });

  it('tells a caller that its time is over, though the call may become durable', async () => {
    await using temporary = new Temporary();
    const store = await temporary.store(temporary.folder(), ['slow', 'counter']);
    const held = codeOf(store.call('slow', { key: 'held', holdMs: 400 }, { timeoutMs: 50 }));
    await new Promise((resolve) => setImmediate(resolve));
    const behind = codeOf(store.call('counter', { key: 'a', amount: 1 }, { timeoutMs: 50 }));
    expect(await Promise.all([held, behind])).toEqual(['store_timeout', 'store_timeout']);
    // The first had begun and is durable; the second had not, and the worker passes over it.
    expect(await store.read('held')).toBe('done');
    expect(await store.read('a')).toBeUndefined();
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
