import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CHECKPOINT_FILE_NAME,
  eraseFromDetail,
  leafHash,
  openFileSigner,
  signCheckpoint,
  type VerifyReport,
  verifyLog,
  verifyLogInThreads,
} from '../src/index.ts';
import { appendToEdge, EMPTY_EDGE, edgeRoot, formatEdge } from '../src/tree-edge.ts';
import { TemporaryLog, tamper } from './temporary-log.ts';

const SIZE = 600;
const MIDDLE = 300;
let log: TemporaryLog;
let seen: string;

beforeAll(async () => {
  log = await new TemporaryLog().open();
  await log.decide(0, MIDDLE);
  await log.publish();
  seen = verify(log.directory).seen!;
  await log.decide(MIDDLE, SIZE);
  await log.close();
});
afterAll(() => log[Symbol.asyncDispose]());

const verify = (directory: string, remembered?: string, keys = [log.signer.verifierKey]): VerifyReport =>
  verifyLog({ directory, verifierKeys: keys, ...(remembered === undefined ? {} : { seen: remembered }) });
const codesOf = (report: VerifyReport): string[] => [
  ...new Set(report.problems.map((problem) => problem.code)),
];
const copyWith = (work: (database: DatabaseSync, directory: string) => void): string => {
  const directory = log.copy();
  tamper(directory, (database) => work(database, directory));
  return directory;
};
const cell = (database: DatabaseSync, key: string): string =>
  String(database.prepare('select value from cells where key = ?').get(key)!['value']);
const setCell = (database: DatabaseSync, key: string, value: string): void =>
  void database.prepare('insert or replace into cells values (?, ?)').run(key, value);
const leafAt = (database: DatabaseSync, index: number): Uint8Array =>
  database.prepare('select leaf from log where idx = ?').get(index)!['leaf'] as Uint8Array;

/** Makes tree and checkpoints agree with the entries as they now are, as whoever holds the key could. */
async function resign(directory: string, keys = log.signer): Promise<void> {
  const leaves: Uint8Array[] = [];
  tamper(directory, (database) => {
    for (const row of database.prepare('select leaf from log order by idx').iterate()) {
      leaves.push(leafHash(row['leaf'] as Uint8Array));
    }
  });
  const { edge, tiles } = appendToEdge(EMPTY_EDGE, leaves);
  const sign = (size: number): Promise<string> => {
    const root = edgeRoot(appendToEdge(EMPTY_EDGE, leaves.slice(0, size)).edge);
    return signCheckpoint({ origin: log.signer.name, size, root }, keys);
  };
  const notes = [await sign(MIDDLE), await sign(leaves.length)] as const;
  tamper(directory, (database) => {
    database.exec("delete from cells where key like 'ledger/%'");
    for (const tile of tiles) {
      setCell(
        database,
        `ledger/tile/${tile.level}/${tile.index}`,
        Buffer.from(tile.hashes).toString('base64'),
      );
    }
    setCell(database, 'ledger/edge', formatEdge(edge));
    setCell(database, `ledger/checkpoint/${String(MIDDLE).padStart(16, '0')}`, notes[0]);
    setCell(database, `ledger/checkpoint/${String(leaves.length).padStart(16, '0')}`, notes[1]);
    setCell(database, 'ledger/latest-checkpoint', notes[1]);
  });
  writeFileSync(join(directory, CHECKPOINT_FILE_NAME), notes[1]);
}

const changeLeaf = (database: DatabaseSync, index: number): void => {
  const text = new TextDecoder().decode(leafAt(database, index)).replace('"deny"', '"allow"');
  database.prepare('update log set leaf = ? where idx = ?').run(Buffer.from(text), index);
};

describe('[P-LEDGER-TAMPERING] verification of a copy', () => {
  it('accepts what was not touched, with what was seen before', () => {
    expect(verify(log.copy(), seen)).toMatchObject({ ok: true, size: SIZE, problems: [] });
  });

  it('names entries that were swapped', () => {
    const directory = copyWith((database) => {
      database.exec('update log set idx = -1 where idx = 10; update log set idx = 10 where idx = 400');
      database.exec('update log set idx = 400 where idx = -1');
    });
    const report = verify(directory);
    expect(codesOf(report)).toEqual(['entry_changed']);
    expect(report.problems.map((problem) => [problem.index, problem.decision_id])).toEqual([
      [10, 'dec-400'],
      [400, 'dec-10'],
    ]);
  });

  it('names an entry that was removed, and one that was put in its place', () => {
    const removed = verify(copyWith((database) => database.exec('delete from log where idx = 77')));
    expect(removed.problems).toMatchObject([{ code: 'entry_missing', index: 77 }]);
    const doubled = verify(
      copyWith((database) =>
        database.exec(
          'update log set (leaf, detail) = (select leaf, detail from log where idx = 76) where idx = 77',
        ),
      ),
    );
    expect(doubled.problems).toMatchObject([{ code: 'entry_changed', index: 77, decision_id: 'dec-76' }]);
  });

  it('sees what was cut off at the end', () => {
    const cut = copyWith((database) => database.exec('delete from log where idx >= 500'));
    expect(codesOf(verify(cut))).toContain('log_truncated');
  });

  it('sees a log cut back to its own earlier checkpoint only by what was seen since, which is why it is remembered', async () => {
    const remembered = verify(log.copy()).seen!;
    const cut = copyWith((database) => database.exec(`delete from log where idx >= ${MIDDLE + 100}`));
    await resign(cut);
    expect(verify(cut).ok).toBe(true);
    expect(verify(cut, seen).ok).toBe(true);
    expect(codesOf(verify(cut, remembered))).toEqual(['log_truncated']);
  });

  it('sees a log that was rewritten and signed again with the right key', async () => {
    const rewritten = copyWith((database) => changeLeaf(database, 30));
    await resign(rewritten);
    expect(verify(rewritten).ok).toBe(true);
    const report = verify(rewritten, seen);
    expect(codesOf(report)).toEqual(['log_rewritten']);
    expect(report.seen).toBeUndefined();
  });

  it('sees a log that was signed again with another key', async () => {
    const rewritten = copyWith((database) => changeLeaf(database, 30));
    await resign(rewritten, openFileSigner(join(log.root, 'other-keys'), { name: log.signer.name }));
    expect(codesOf(verify(rewritten)).sort()).toEqual(['checkpoint_missing', 'checkpoint_signature']);
    const other = openFileSigner(join(log.root, 'other-keys'));
    expect(codesOf(verify(rewritten, seen, [other.verifierKey]))).toContain('checkpoint_signature');
  });

  it('bounds the place where entries and stored tree were changed together', () => {
    const directory = copyWith((database) => {
      changeLeaf(database, 333);
      const tile = Buffer.from(cell(database, 'ledger/tile/0/1'), 'base64');
      tile.set(leafHash(leafAt(database, 333)), (333 - 256) * 32);
      setCell(database, 'ledger/tile/0/1', tile.toString('base64'));
    });
    const report = verify(directory);
    const mismatch = report.problems.find((problem) => problem.code === 'checkpoint_mismatch');
    expect(mismatch?.message).toContain(`entries ${MIDDLE} to ${SIZE - 1}`);
  });

  it('tells a changed tree from a changed entry', () => {
    const directory = copyWith((database) => {
      const tile = Buffer.from(cell(database, 'ledger/tile/0/0'), 'base64');
      tile[32 * 5]! ^= 1;
      setCell(database, 'ledger/tile/0/0', tile.toString('base64'));
    });
    expect(verify(directory).problems).toMatchObject([{ code: 'tree_changed', index: 5 }]);
    const edge = copyWith((database) => database.exec("delete from cells where key = 'ledger/edge'"));
    expect(codesOf(verify(edge))).toEqual(['tree_changed']);
  });

  it('sees checkpoints that were removed, moved or changed', () => {
    const without = copyWith((database, directory) => {
      database.exec(
        "delete from cells where key like 'ledger/checkpoint/%' or key = 'ledger/latest-checkpoint'",
      );
      rmSync(join(directory, CHECKPOINT_FILE_NAME));
    });
    expect(codesOf(verify(without))).toEqual(['checkpoint_missing']);
    expect(codesOf(verify(without, seen))).toEqual(['checkpoint_missing']);
    const moved = copyWith((database) =>
      database.exec(
        "update cells set key = 'ledger/checkpoint/0000000000000301' where key like '%0000000000000300'",
      ),
    );
    expect(codesOf(verify(moved))).toEqual(['checkpoint_unreadable']);
    const changed = copyWith((_, directory) =>
      writeFileSync(join(directory, CHECKPOINT_FILE_NAME), 'log.test/one\n'),
    );
    expect(codesOf(verify(changed))).toEqual(['checkpoint_unreadable']);
    const foreign = copyWith(() => {});
    expect(codesOf(verify(foreign, undefined, []))).toEqual(['checkpoint_signature', 'checkpoint_missing']);
    expect(codesOf(verify(foreign, undefined, ['nonsense', log.signer.verifierKey]))).toEqual([
      'key_unreadable',
    ]);
  });

  it('sees details that were exchanged, added or removed without a record', () => {
    const swapped = copyWith((database) =>
      database.exec('update log set detail = (select detail from log where idx = 8) where idx = 7'),
    );
    expect(verify(swapped).problems).toMatchObject([
      { code: 'detail_changed', index: 7, decision_id: 'dec-7' },
    ]);
    const removed = copyWith((database) => database.exec('update log set detail = null where idx = 7'));
    expect(verify(removed).problems).toMatchObject([
      { code: 'detail_missing', index: 7, decision_id: 'dec-7' },
    ]);
    const added = copyWith((database) => {
      const text = String(database.prepare('select detail from log where idx = 7').get()!['detail']);
      const more = text.replace('"principal":', '"point":["AAAAAAAAAAAAAAAAAAAAAA","x"],"principal":');
      database.prepare('update log set detail = ? where idx = 7').run(more);
    });
    expect(verify(added).problems).toMatchObject([{ code: 'detail_changed', index: 7 }]);
  });

  it('says when there is nothing to read', () => {
    expect(codesOf(verify(join(log.root, 'nowhere')))).toEqual(['files_unreadable']);
    const directory = log.copy();
    writeFileSync(join(directory, 'store.sqlite'), 'not a database, and long enough to be looked at as one');
    expect(codesOf(verify(directory))).toEqual(['files_unreadable']);
  });
});

describe('erasure', () => {
  it('[P-LEDGER-ERASABLE] leaves the log whole where an entry records it, and only for what it names', async () => {
    await using own = await new TemporaryLog().open();
    await own.decide(0, 5);
    await own.append(
      { kind: 'administrative', event: 'erasure', erases: [{ index: 2, fields: ['args', 'arg_hash'] }] },
      { principal: 'olga' },
    );
    await own.close();
    const erase = (index: number, fields: readonly ('args' | 'arg_hash' | 'principal')[]): VerifyReport => {
      const directory = own.copy();
      tamper(directory, (database) => {
        const text = String(database.prepare('select detail from log where idx = ?').get(index)!['detail']);
        database.prepare('update log set detail = ? where idx = ?').run(eraseFromDetail(text, fields), index);
      });
      return verifyLog({ directory, verifierKeys: [own.signer.verifierKey] });
    };
    expect(erase(2, ['args', 'arg_hash'])).toMatchObject({ ok: true, erased: 2 });
    expect(erase(2, ['args', 'principal']).problems).toMatchObject([{ code: 'detail_missing', index: 2 }]);
    expect(erase(3, ['args']).problems).toMatchObject([{ code: 'detail_missing', index: 3 }]);
  });
});

describe('[P-LEDGER-TAMPERING] verification by threads', () => {
  it('finds the same in every copy that was made here', async () => {
    const copies = readdirSync(log.root).filter((name) => name.startsWith('copy-'));
    expect(copies.length).toBeGreaterThan(10);
    for (const name of copies) {
      const options = { directory: join(log.root, name), verifierKeys: [log.signer.verifierKey], seen };
      expect(await verifyLogInThreads({ ...options, threadsFrom: 0 })).toEqual(verifyLog(options));
    }
  });
});
