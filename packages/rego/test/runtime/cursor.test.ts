import { expect, test } from 'vitest';
import { makeObject, RegoSet } from '../../src/index.ts';
import { forEachMember } from '../../src/runtime/collections.ts';
import { Cursor } from '../../src/runtime/cursor.ts';
import type { Value } from '../../src/value/value.ts';

const COLLECTIONS: readonly (Value | undefined)[] = [
  ['a', 'b', null],
  [],
  { b: 1, a: 2, 10: 3, 9: 4 },
  JSON.parse('{"__proto__": 1, "constructor": 2}') as Value,
  RegoSet.from([3, 1, 'x', [2]]),
  RegoSet.EMPTY,
  makeObject([
    [2, 'two'],
    ['1', 'one'],
    [[0], 'list'],
  ]),
  'text',
  7,
  null,
  undefined,
];

test.each(COLLECTIONS)('a cursor goes as `forEachMember` does: %j', (collection) => {
  for (const ordered of [true, false]) {
    const wanted: [Value, Value][] = [];
    forEachMember(collection, ordered, (key, value) => {
      wanted.push([key, value]);
      return false;
    });
    const found: [Value, Value][] = [];
    const cursor = new Cursor(collection, ordered);
    while (cursor.next()) found.push([cursor.key, cursor.value]);
    expect(found).toEqual(wanted);
    expect(cursor.next()).toBe(false);
  }
});
