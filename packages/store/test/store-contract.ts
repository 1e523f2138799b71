import { describe, expect, it } from 'vitest';
import { type Store, type StoreOptions, scanPages } from '../src/index.ts';
import type { CounterResult } from './fixtures/counter.ts';
import type { Misdeed } from './fixtures/misbehaving.ts';
import { codeOf } from './temporary.ts';

const decoder = new TextDecoder();

/** One empty store of a back end, which any number of handles share. */
export interface StoreWorld extends AsyncDisposable {
  /** Opens a handle with the named fixtures as procedures. */
  store(procedures: readonly string[], options?: Partial<StoreOptions>): Promise<Store>;
  /** Resolves when the log has this many entries: a sequencer may give places a moment after the commit. */
  placed(store: Store, size: number): Promise<void>;
}

/** What every back end of the store keeps to. */
export function storeContract(backEnd: string, open: () => Promise<StoreWorld>): void {
  describe(`a store on ${backEnd}`, () => {
    it('keeps cells and log over a close', async () => {
      await using world = await open();
      const first = await world.store(['counter']);
      const result: CounterResult = await first.call('counter', {
        key: 'a',
        amount: 2,
        mark: 'é\u0000',
        padding: 3,
      });
      expect(result.sum).toBe(2);
      await first.call('counter', { key: 'a', amount: 3 });
      await first.close();
      const second = await world.store(['counter']);
      await world.placed(second, 2);
      expect([await second.read('a'), await second.read('b')]).toEqual(['5', undefined]);
      const entries = await second.entries(0, 10);
      expect(entries.map(({ index, detail }) => [index, detail])).toEqual([
        [0, 'xxx'],
        [1, null],
      ]);
      expect(decoder.decode(entries[0]?.leaf)).toBe('{"key":"a","amount":2,"sum":2,"mark":"é\\u0000"}');
    });

    it('gives cells of a prefix in key order', async () => {
      await using world = await open();
      const store = await world.store(['counter']);
      const keys = ['p/b', 'p/a', 'p/\u{1f600}', 'p/\uff00', 'p', 'q/a', 'p/a/1', 'p/a\u0000'];
      await Promise.all(keys.map((key) => store.call('counter', { key, amount: 1 })));
      const found = (await store.scan('p/')).map(([key]) => key);
      expect(found).toEqual(['p/a', 'p/a\u0000', 'p/a/1', 'p/b', 'p/\uff00', 'p/\u{1f600}']);
      expect((await store.scan('p/', 2)).map(([key]) => key)).toEqual(['p/a', 'p/a\u0000']);
      expect(await store.scan('p/', 0)).toEqual([]);
      const behind = async (after: string) => (await store.scan('p/', 2, after)).map(([key]) => key);
      expect(await behind('p/a\u0000')).toEqual(['p/a/1', 'p/b']);
      // Also from a key that nobody holds, before the prefix, and behind its last one.
      expect(await behind('p/az')).toEqual(['p/b', 'p/\uff00']);
      expect(await behind('o')).toEqual(['p/a', 'p/a\u0000']);
      expect(await behind('p/\u{1f600}')).toEqual([]);
      for (const size of [1, 2, 3, 6, 7]) {
        const pages: string[][] = [];
        for await (const page of scanPages(store, 'p/', { size })) pages.push(page.map(([key]) => key));
        expect(pages.flat()).toEqual(found);
        expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(size);
      }
    });

    it('gives entries page by page without a gap', async () => {
      await using world = await open();
      const store = await world.store(['counter']);
      await Promise.all(Array.from({ length: 2_300 }, () => store.call('counter', { key: 'a', amount: 1 })));
      await world.placed(store, 2_300);
      const entries = await store.entries(100, 2_250);
      expect(entries.map(({ index }) => index)).toEqual(
        Array.from({ length: 2_150 }, (_, offset) => 100 + offset),
      );
      expect(await store.entries(5, 5)).toEqual([]);
      expect(await store.entries(3_000, 4_000)).toEqual([]);
    });

    it('commits calls that wait together in one transaction', async () => {
      await using world = await open();
      const store = await world.store(['counter', 'slow']);
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
      await using world = await open();
      const store = await world.store(['counter']);
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
      await world.placed(store, kept.length);
      const marks = (await store.entries(0, 100)).map(({ leaf }) => JSON.parse(decoder.decode(leaf)).mark);
      expect(marks).toEqual(kept.map((amount) => `m${amount}`));
      await expect(store.call('counter', { key: 'a', amount: 1, fail: true })).rejects.toThrow(
        'told to fail at',
      );
    });

    it('takes nothing from a transaction after its call, and a copy of each leaf', async () => {
      await using world = await open();
      const store = await world.store(['misbehaving']);
      await store.call('misbehaving', { misdeed: 'keep_transaction' });
      expect(await codeOf(store.call('misbehaving', { misdeed: 'use_kept_transaction' }))).toBe(
        'store_procedure_failed',
      );
      expect(await store.read('own')).toBe('before the misdeed');
      await store.call('misbehaving', { misdeed: 'reuse_buffer' });
      await world.placed(store, 1);
      expect((await store.entries(0, 1))[0]?.leaf).toEqual(new Uint8Array([1]));
    });

    it('refuses more calls than its queue holds, and takes them again later', async () => {
      await using world = await open();
      const store = await world.store(['counter'], { queueMax: 5 });
      const calls = Array.from({ length: 8 }, () => codeOf(store.call('counter', { key: 'a', amount: 1 })));
      expect(await Promise.all(calls)).toEqual([
        ...Array(5).fill('resolved'),
        ...Array(3).fill('store_overloaded'),
      ]);
      expect(await codeOf(store.call('counter', { key: 'a', amount: 1 }))).toBe('resolved');
      expect(await store.read('a')).toBe('6');
    });

    it('tells a caller that its time is over, though the call may become durable', async () => {
      await using world = await open();
      const store = await world.store(['slow', 'counter']);
      const held = codeOf(store.call('slow', { key: 'held', holdMs: 400 }, { timeoutMs: 50 }));
      await new Promise((resolve) => setImmediate(resolve));
      const behind = codeOf(store.call('counter', { key: 'a', amount: 1 }, { timeoutMs: 50 }));
      expect(await Promise.all([held, behind])).toEqual(['store_timeout', 'store_timeout']);
      // The first had begun and is durable; the second had not, and the worker passes over it.
      expect(await store.read('held')).toBe('done');
      expect(await store.read('a')).toBeUndefined();
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
      await using world = await open();
      const store = await world.store(['misbehaving', 'counter']);
      expect(await codeOf(store.call('misbehaving', { misdeed }))).toBe('store_procedure_failed');
      expect(await store.read('own')).toBeUndefined();
      expect(await codeOf(store.call('counter', { key: 'a', amount: 1 }))).toBe('resolved');
    });

    it('runs the closing of a batch over every entry once, in order', async () => {
      await using world = await open();
      const store = await world.store(['closing', 'closing-too', 'counter']);
      await Promise.all([
        store.call('closing', { mark: 'a' }),
        store.call('closing-too', { mark: 'b' }),
        store.call('counter', { key: 'k', amount: 1 }),
      ]);
      await store.call('counter', { key: 'k', amount: 1 });
      await world.placed(store, 4);
      expect(await store.read('closing/entries')).toBe('4');
    });

    it('loses no update of two handles that change one cell', async () => {
      await using world = await open();
      const stores = [await world.store(['counter']), await world.store(['counter'])];
      const rounds = stores.map(async (store) => {
        for (let round = 0; round < 10; round += 1) {
          await Promise.all(Array.from({ length: 10 }, () => store.call('counter', { key: 'a', amount: 1 })));
        }
      });
      await Promise.all(rounds);
      const [first] = stores as [Store];
      expect(await first.read('a')).toBe('200');
      await world.placed(first, 200);
      const sums = (await first.entries(0, 300)).map(({ leaf }) => JSON.parse(decoder.decode(leaf)).sum);
      expect(sums.sort((one, other) => one - other)).toEqual(
        Array.from({ length: 200 }, (_, each) => each + 1),
      );
    });
  });
}
