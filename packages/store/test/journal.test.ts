import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../src/database.ts';
import { openStoreReader } from '../src/index.ts';
import { Temporary } from './temporary.ts';

const GIBIBYTE = 1_024 ** 3;
/** So large that a few hundred changes fill a generation. */
const LARGE = 'v'.repeat(80_000);

function transact(
  database: Database,
  clockMs: number,
  changes: readonly (readonly [key: string, value: string | undefined])[],
): void {
  database.begin();
  for (const [key, value] of changes) {
    if (value === undefined) database.remove(key);
    else database.put(key, value);
  }
  database.setClock(clockMs);
}

describe('the journal of cells', () => {
  it('gives what was committed last, before and after cells move to their table, and over an end without closing', async () => {
    await using temporary = new Temporary();
    const key = fc.constantFrom('a', 'a/b', 'a\u{1f600}', 'a\uffee', 'b', 'c');
    const change = fc.tuple(key, fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }));
    const step = fc.record({
      changes: fc.array(change, { maxLength: 4 }),
      end: fc.integer({ min: 0, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const directory = temporary.folder();
        let database = openDatabase(directory, GIBIBYTE);
        const model = new Map<string, string>();
        const check = (): void => {
          expect(new Map(database.cells('a'))).toEqual(
            new Map([...model].filter(([each]) => each.startsWith('a'))),
          );
          expect(new Map(database.cells('a/'))).toEqual(
            new Map([...model].filter(([each]) => each.startsWith('a/'))),
          );
          database.begin();
          for (const each of ['a', 'b', 'a/b', 'c']) {
            expect(database.value(each)).toBe(model.get(each));
            // What is remembered says the same.
            expect(database.cell(each)).toBe(model.get(each));
          }
          database.rollback();
        };
        for (const [index, { changes, end }] of steps.entries()) {
          const filling = Array.from({ length: 120 }, (_, each) => [`fill/${each}`, LARGE + index] as const);
          transact(database, index, end === 1 ? [...changes, ...filling] : changes);
          if (end === 0) {
            database.rollback();
            continue;
          }
          database.commit();
          for (const [each, value] of changes) {
            if (value === undefined) model.delete(each);
            else model.set(each, value);
          }
          check();
          if (end === 2) database.close();
          // The first of two connections is left as a process that was killed leaves it.
          if (end <= 3) database = openDatabase(directory, GIBIBYTE);
          if (end <= 3) check();
        }
        database.close();
        const reader = openStoreReader(directory);
        expect([...reader.scan('a')].map(([each]) => each)).toEqual(
          [...model.keys()]
            .filter((each) => each.startsWith('a'))
            .sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))),
        );
        reader.close();
      }),
      { numRuns: 6 },
    );
  });

  it('keeps the clock of the last commit, and is empty after closing', async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    const database = openDatabase(directory, GIBIBYTE);
    transact(database, 5_000, [['a', '1']]);
    database.commit();
    transact(database, 7_000, []);
    database.commit();
    expect(openDatabase(directory, GIBIBYTE).begin()).toEqual({ logSize: 0, clockMs: 7_000 });
  });
});

describe('files of an earlier version', () => {
  it.each([1, 2])(
    '[P-STORE-MIGRATES] are brought forward at opening and keep what they hold: schema %i',
    async (version) => {
      await using temporary = new Temporary();
      const directory = temporary.folder();
      const sqlite = new DatabaseSync(join(directory, 'store.sqlite'));
      sqlite.exec(`
      pragma journal_mode = wal;
      create table cells (key text primary key, value text not null) without rowid, strict;
      create table log (idx integer primary key, leaf blob not null, detail text) strict;
      create table meta (name text primary key, value integer not null) without rowid, strict;
      insert into cells values ('a', 'one'), ('b', 'older');
      insert into log values (0, x'0102', null);
      insert into meta values ('schema', ${version}), ('open', 0), ('epoch', 3), ('clock_ms', 1234);`);
      if (version === 2)
        sqlite.exec(`
        create table journal (seq integer primary key, clock_ms integer not null, changes text not null) strict;
        insert into journal values (7, 1234, '[1,5]' || char(10) || 'bnewer');`);
      sqlite.close();
      const b = version === 2 ? 'newer' : 'older';
      const before = openStoreReader(directory);
      expect([before.read('a'), before.read('b'), before.logSize()]).toEqual(['one', b, 1]);
      before.close();
      const database = openDatabase(directory, GIBIBYTE);
      expect(database.recovery).toMatchObject({ unclean: false, logSize: 1 });
      expect(database.begin()).toEqual({ logSize: 1, clockMs: 1_234 });
      expect(database.cell('b')).toBe(b);
      database.put('a', 'two');
      database.append({ index: 1, leaf: new Uint8Array([3]), detail: 'x' });
      database.commit();
      database.close();
      const after = openStoreReader(directory);
      expect([after.read('a'), after.read('b'), after.logSize()]).toEqual(['two', b, 2]);
      after.close();
    },
  );
});
