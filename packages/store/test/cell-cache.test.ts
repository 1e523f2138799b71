import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CellCache } from '../src/cell-cache.ts';

type Step = readonly [kind: 'get' | 'put' | 'remove', key: string, value: string];

const STEP: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom('get', 'get', 'put', 'remove'),
  fc.constantFrom('a', 'b', 'c', 'd'),
  fc.string({ maxLength: 20 }),
);

describe('the cache of stored cells', () => {
  test('always says what the table says, however little it may hold', () => {
    fc.assert(
      fc.property(fc.array(STEP, { maxLength: 60 }), fc.integer({ min: 0, max: 400 }), (steps, lengthMax) => {
        const cache = new CellCache(lengthMax);
        const stored = new Map<string, string>();
        for (const [kind, key, value] of steps) {
          if (kind === 'get') expect(cache.value(key, (each) => stored.get(each))).toBe(stored.get(key));
          else {
            if (kind === 'put') stored.set(key, value);
            else stored.delete(key);
            cache.forget(key);
          }
        }
      }),
    );
  });

  test('reads a cell from the files once, also where there is none', () => {
    const cache = new CellCache();
    let loads = 0;
    const load = () => {
      loads += 1;
      return undefined;
    };
    expect(cache.value('halt/all', load)).toBeUndefined();
    expect(cache.value('halt/all', load)).toBeUndefined();
    expect(loads).toBe(1);
  });

  test('forgets the older half when it is full', () => {
    const cache = new CellCache(100);
    const loaded: string[] = [];
    const load = (key: string) => {
      loaded.push(key);
      return 'x'.repeat(40);
    };
    for (const key of ['a', 'b', 'c', 'a']) cache.value(key, load);
    expect(loaded).toEqual(['a', 'b', 'c', 'a']);
  });
});
