import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/value/index.ts';
import {
  equal,
  isObject,
  isPlainObject,
  lookup,
  makeObject,
  numberFromText,
  objectEntries,
  objectGet,
  objectKeys,
  objectSize,
  RegoObject,
  RegoSet,
  SetBuilder,
} from '../../src/value/index.ts';
import { value } from './arbitrary-value.ts';

describe('sets', () => {
  it('hold one member of equal ones', () => {
    const set = RegoSet.from([
      3.5,
      numberFromText('3.50')!,
      numberFromText('35e-1')!,
      [1],
      [1],
      { a: [] },
      { a: [] },
    ]);
    expect(set.size).toBe(3);
    expect(set.has([1])).toBe(true);
    expect(set.has([2])).toBe(false);
  });

  it('tell a string from the key of a composite', () => {
    expect(RegoSet.from(['\u0000[1]', [1], '[1]']).size).toBe(3);
  });

  it('keep the laws of union, intersection and difference', () => {
    const set = fc.array(value, { maxLength: 5 }).map((members) => RegoSet.from(members));
    fc.assert(
      fc.property(set, set, (a, b) => {
        const union = a.union(b);
        expect(equal(union, b.union(a))).toBe(true);
        expect(a.isSubsetOf(union)).toBe(true);
        expect(a.intersection(b).isSubsetOf(a)).toBe(true);
        expect(union.size).toBe(a.size + b.size - a.intersection(b).size);
        expect(equal(a.difference(b).union(a.intersection(b)), a)).toBe(true);
      }),
    );
  });

  it('stand in order however they were built', () => {
    expect(RegoSet.from(['b', 2, null, 'a', 1]).sorted()).toEqual([null, 1, 2, 'a', 'b']);
    const builder = new SetBuilder().add(2).add(1);
    expect([...builder.build()]).toEqual([1, 2]);
    expect(builder.build()).toBe(RegoSet.EMPTY);
  });
});

describe('objects', () => {
  it('are plain where every key is a string', () => {
    const plain = makeObject([['a', 1]]);
    const mixed = makeObject([
      ['a', 1],
      [1, 2],
    ]);
    expect(isPlainObject(plain)).toBe(true);
    expect(Object.getPrototypeOf(plain)).toBeNull();
    expect(mixed).toBeInstanceOf(RegoObject);
    expect([isObject(plain), isObject(mixed), isObject([]), isObject(RegoSet.EMPTY), isObject(null)]).toEqual(
      [true, true, false, false, false],
    );
  });

  it('show keys in the order of Rego, not of JavaScript', () => {
    expect(objectKeys({ b: 1, '10': 2, '9': 3, a: 4 })).toEqual(['10', '9', 'a', 'b']);
    expect(
      objectKeys(
        makeObject([
          ['a', 1],
          [2, 1],
          [null, 1],
          [[], 1],
        ]),
      ),
    ).toEqual([null, 2, 'a', []]);
  });

  it('[P-NO-PROTOTYPE] find nothing through the prototype, and `__proto__` only where it is a key', () => {
    const parsed = JSON.parse('{"__proto__": {"admin": true}}') as Value;
    expect(lookup(parsed, 'constructor')).toBeUndefined();
    expect(lookup({}, 'toString')).toBeUndefined();
    expect(lookup({}, '__proto__')).toBeUndefined();
    expect(lookup(parsed, '__proto__')).toEqual({ admin: true });
    const made = makeObject([['__proto__', 1]]);
    expect(objectGet(made, '__proto__')).toBe(1);
    expect(objectSize(made)).toBe(1);
    expect(lookup({}, 'admin')).toBeUndefined();
  });

  it('give back what was put in, the last of equal keys', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { maxLength: 5 }), (pairs) => {
        const object = makeObject(pairs);
        for (const [key] of pairs) {
          const last = pairs.findLast(([other]) => equal(other, key))!;
          expect(equal(objectGet(object, key)!, last[1])).toBe(true);
        }
        expect(objectSize(object)).toBe(RegoSet.from(pairs.map(([key]) => key)).size);
        expect(equal(makeObject(objectEntries(object)), object)).toBe(true);
      }),
    );
  });
});

describe('lookup', () => {
  it('steps into arrays by integer, objects by key, sets by member', () => {
    expect(lookup(['a', 'b'], 1)).toBe('b');
    expect(lookup(['a'], 1)).toBeUndefined();
    expect(lookup(['a'], -1)).toBeUndefined();
    expect(lookup(['a'], 0.5)).toBeUndefined();
    expect(lookup(['a'], '0')).toBeUndefined();
    expect(lookup(['a'], 'length')).toBeUndefined();
    expect(lookup({ '0': 'a' }, 0)).toBeUndefined();
    expect(lookup(RegoSet.from([[1]]), [1])).toEqual([1]);
    expect(lookup(RegoSet.from([1]), 2)).toBeUndefined();
    expect(lookup('text', 0)).toBeUndefined();
    expect(lookup(null, 'a')).toBeUndefined();
    expect(lookup(undefined, 'a')).toBeUndefined();
    expect(lookup(numberFromText('1e400'), 'kind')).toBeUndefined();
  });
});
