import { hash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { StoredEntry, StoreReader } from '@writ/store';
import type { LedgerEntry } from '../entry.ts';
import { readEntry } from '../read-entry.ts';
import { type IndexedEntry, indexedEntry } from './indexed-entry.ts';
import { RollupCounter } from './rollup.ts';
import { INDEXED_COLUMNS, TAG_KINDS } from './schema.ts';

/** Puts entries into the index. Several processes may do so: each part is one transaction that begins where the last ended. */
export class IndexWriter {
  readonly #database: DatabaseSync;
  readonly #meta: StatementSync;
  readonly #setMeta: StatementSync;
  readonly #entry: StatementSync;
  readonly #tag: StatementSync;
  readonly #untag: StatementSync;
  readonly #rollup: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#meta = database.prepare('select value from meta where name = ?');
    this.#setMeta = database.prepare(
      'insert into meta values (?, ?) on conflict (name) do update set value = excluded.value',
    );
    this.#entry = database.prepare(
      `insert or replace into entries (idx, time_ms, ${INDEXED_COLUMNS.join(', ')}) values (?, ?, ${INDEXED_COLUMNS.map(() => '?').join(', ')})`,
    );
    this.#tag = database.prepare('insert or ignore into tags values (?, ?, ?)');
    this.#untag = database.prepare('delete from tags where idx = ?');
    this.#rollup = database.prepare(
      'insert into rollup values (?, ?, ?, ?, ?) on conflict (seconds, what, start_ms, name) do update set number = number + excluded.number',
    );
  }

  get size(): number {
    return Number(this.#meta.get('size')?.['value'] ?? 0);
  }

  /** Takes in at most `limit` entries; gives how many. An index of another log is emptied first. */
  feed(reader: StoreReader, limit: number): number {
    this.#database.exec('begin immediate');
    try {
      if (!this.#continues(reader)) this.#empty();
      const first = this.size;
      const end = Math.min(reader.logSize(), first + limit);
      const rollups = new RollupCounter();
      const erased: number[] = [];
      let last: StoredEntry | undefined;
      for (const stored of reader.entries(first, end)) {
        last = stored;
        const reading = readEntry(stored);
        // What cannot be read cannot be found; verification says so.
        if (!reading.ok) continue;
        this.#put(indexedEntry(reading.value));
        rollups.add(reading.value);
        erased.push(...erasedBy(reading.value));
      }
      this.#takeAgain(reader, erased);
      for (const [seconds, startMs, what, name, number] of rollups.counts())
        this.#rollup.run(seconds, startMs, what, name, number);
      if (last !== undefined) {
        this.#setMeta.run('size', String(end));
        this.#setMeta.run('last', digestOf(last));
      }
      this.#database.exec('commit');
      // What was erased must not stay behind in the write-ahead log either.
      if (erased.length > 0) this.#database.exec('pragma wal_checkpoint(truncate)');
      return end - first;
    } catch (cause) {
      if (this.#database.isTransaction) this.#database.exec('rollback');
      throw cause;
    }
  }

  /** Whether the last entry taken in is the one that the log has there. */
  #continues(reader: StoreReader): boolean {
    const { size } = this;
    if (size === 0) return true;
    for (const stored of reader.entries(size - 1, size))
      return digestOf(stored) === this.#meta.get('last')?.['value'];
    return false;
  }

  #empty(): void {
    for (const table of ['meta', 'entries', 'tags', 'rollup']) this.#database.exec(`delete from ${table}`);
  }

  /** Entries from which something was erased are taken in again, as they are now. */
  #takeAgain(reader: StoreReader, positions: readonly number[]): void {
    for (const index of positions) {
      for (const stored of reader.entries(index, index + 1)) {
        const reading = readEntry(stored);
        if (!reading.ok) continue;
        this.#untag.run(index);
        this.#put(indexedEntry(reading.value));
      }
    }
  }

  #put({ idx, timeMs, columns, tags }: IndexedEntry): void {
    this.#entry.run(idx, timeMs, ...INDEXED_COLUMNS.map((name) => columns[name]));
    for (const [kind, value] of tags) this.#tag.run(TAG_KINDS[kind], value, idx);
  }
}

/** Positions of the entries that an entry says something was erased from. */
function erasedBy({ core, index }: LedgerEntry): readonly number[] {
  if (core.kind !== 'administrative' || core.event !== 'erasure') return [];
  return (core.erases ?? []).map((each) => each.index).filter((each) => each < index);
}

function digestOf({ leaf }: StoredEntry): string {
  return hash('sha256', leaf, 'base64url');
}
