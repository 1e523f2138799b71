import { hash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openStoreReader, type StoreReader } from '@writ/store';
import type { LedgerEntry } from '../entry.ts';
import { readEntry } from '../read-entry.ts';
import { renderEntry } from '../render.ts';
import { IndexWriter } from './index-writer.ts';
import { type Condition, type LogFilter, spiffePattern, TAG_FILTERS, tagCondition } from './log-filter.ts';
import { ROLLUP_SECONDS, type Rollup, type RollupSpan, rollupOf } from './rollup.ts';
import { INDEX_FILE_NAME, INDEX_SCHEMA, INDEX_VERSION, INDEXED_COLUMNS, TAG_KINDS } from './schema.ts';

/** One page of entries, the newest first, and where the next one begins. */
export interface LogPage {
  readonly entries: readonly LedgerEntry[];
  /** To be given back for what comes after; absent at the end. Stays valid while the log grows. */
  readonly cursor?: string;
}

/** Entries that one catching-up transaction takes. */
const FEED_MAX = 5_000;
/** Entries of which the text is looked through before a page is given, full or not. */
const TEXT_LOOKED_MAX = 20_000;
const SPIFFE_IDS_MAX = 10_000;

/**
 * An index over the log of a data directory, in a database of its own: fed from the log, never part of a decision, made
 * anew at any time. Synchronous: for a thread or a process of its own. Proofs never read it.
 */
export class LogIndex {
  readonly #directory: string;
  readonly #database: DatabaseSync;
  readonly #writer: IndexWriter;

  constructor(directory: string) {
    this.#directory = directory;
    this.#database = openIndex(join(directory, INDEX_FILE_NAME));
    this.#writer = new IndexWriter(this.#database);
  }

  /** Entries that are in the index. */
  get size(): number {
    return this.#writer.size;
  }

  /** Takes in what the log has gained; gives how many entries. `limit` bounds the work of one call. */
  catchUp(limit = Number.POSITIVE_INFINITY, onProgress?: (done: number, of: number) => void): number {
    let taken = 0;
    while (taken < limit) {
      // A new reader for each part: an open one would make the log's write-ahead file grow.
      const reader = openStoreReader(this.#directory);
      try {
        const size = reader.logSize();
        const part = this.#writer.feed(reader, Math.min(FEED_MAX, limit - taken));
        taken += part;
        if (part === 0) return taken;
        onProgress?.(this.size, size);
      } finally {
        reader.close();
      }
    }
    return taken;
  }

  /** The newest entries that match, from the cursor on. Entries are read from the log itself. */
  query(filter: LogFilter, options: { readonly limit?: number; readonly cursor?: string } = {}): LogPage {
    const limit = options.limit ?? 100;
    const key = filterKey(filter);
    let before = readCursor(options.cursor, key);
    const reader = openStoreReader(this.#directory);
    try {
      const entries: LedgerEntry[] = [];
      let looked = 0;
      for (;;) {
        const wanted = filter.text === undefined ? limit - entries.length : Math.max(100, limit);
        const found = this.#positions(filter, before, wanted);
        for (const index of found) {
          before = index;
          looked += 1;
          const entry = entryAt(reader, index);
          if (entry === undefined || !hasText(entry, filter.text)) continue;
          entries.push(entry);
          if (entries.length === limit) return { entries, cursor: cursorOf(before, key) };
        }
        if (found.length < wanted) return { entries };
        if (looked >= TEXT_LOOKED_MAX) return { entries, cursor: cursorOf(before, key) };
      }
    } finally {
      reader.close();
    }
  }

  /** Figures for each span of time that has decisions, the oldest first. */
  rollups(span: RollupSpan, from: string, to: string): readonly Rollup[] {
    const rows = this.#database.prepare(
      'select start_ms, what, name, number from rollup where seconds = ? and what = ? and start_ms >= ? and start_ms < ?',
    );
    const byStart = new Map<number, [string, string, number][]>();
    for (const what of ['outcome', 'code', 'latency']) {
      for (const row of rows.iterate(ROLLUP_SECONDS[span], what, Date.parse(from), Date.parse(to))) {
        const start = Number(row['start_ms']);
        const list = byStart.get(start) ?? [];
        list.push([what, String(row['name']), Number(row['number'])]);
        byStart.set(start, list);
      }
    }
    return [...byStart]
      .toSorted(([left], [right]) => left - right)
      .map(([start, list]) => rollupOf(start, list));
  }

  close(): void {
    this.#database.close();
  }

  #positions(filter: LogFilter, before: number, limit: number): readonly number[] {
    const conditions = this.#conditions(filter);
    if (conditions === undefined) return [];
    const all: readonly Condition[] = [{ sql: 'e.idx < ?', parameters: [before] }, ...conditions];
    const sql = `select e.idx as idx from entries e where ${all.map((each) => each.sql).join(' and ')} order by e.idx desc limit ?`;
    const parameters = [...all.flatMap((each) => each.parameters), limit];
    return this.#database
      .prepare(sql)
      .all(...parameters)
      .map((row) => Number(row['idx']));
  }

  /** Undefined where nothing can match. */
  #conditions(filter: LogFilter): readonly Condition[] | undefined {
    const conditions: Condition[] = [];
    for (const name of INDEXED_COLUMNS) {
      const value = filter[name];
      if (value !== undefined) conditions.push({ sql: `e.${name} = ?`, parameters: [value] });
    }
    for (const [name, kinds] of Object.entries(TAG_FILTERS)) {
      const value = filter[name as keyof typeof TAG_FILTERS];
      if (value !== undefined) conditions.push(tagCondition(kinds, [value]));
    }
    if (filter.spiffe !== undefined) {
      const ids = this.#spiffeIds(filter.spiffe);
      if (ids.length === 0) return undefined;
      conditions.push(tagCondition(['spiffe'], ids));
    }
    return [...conditions, ...this.#timeConditions(filter)].map((condition) =>
      conditions.length === 1 && isTag(condition) ? drivenByTag(condition) : condition,
    );
  }

  /** Positions are in order of time: a range of time is a range of positions. */
  #timeConditions({ from, to }: LogFilter): readonly Condition[] {
    const first = (time: string): number => {
      const row = this.#database
        .prepare('select idx from entries where time_ms >= ? order by time_ms, idx limit 1')
        .get(Date.parse(time));
      return row === undefined ? Number.MAX_SAFE_INTEGER : Number(row['idx']);
    };
    return [
      ...(from === undefined ? [] : [{ sql: 'e.idx >= ?', parameters: [first(from)] }]),
      ...(to === undefined ? [] : [{ sql: 'e.idx < ?', parameters: [first(to)] }]),
    ];
  }

  /** The ids that match a glob: found one after another in the index, not entry by entry. */
  #spiffeIds(glob: string): readonly string[] {
    const pattern = spiffePattern(glob);
    const fixed = glob.split('*')[0] ?? '';
    const next = this.#database.prepare(
      'select value from tags where kind = ? and value > ? order by value limit 1',
    );
    const ids: string[] = [];
    const exact = this.#database.prepare('select 1 from tags where kind = ? and value = ? limit 1');
    if (exact.get(TAG_KINDS.spiffe, fixed) !== undefined && pattern.test(fixed)) ids.push(fixed);
    for (let last = fixed; ids.length < SPIFFE_IDS_MAX; ) {
      const row = next.get(TAG_KINDS.spiffe, last);
      if (row === undefined) break;
      last = String(row['value']);
      if (!last.startsWith(fixed)) break;
      if (pattern.test(last)) ids.push(last);
    }
    return ids;
  }
}

/** Makes the index of a directory anew. */
export function rebuildIndex(directory: string, onProgress?: (done: number, of: number) => void): number {
  for (const suffix of ['', '-wal', '-shm'])
    rmSync(join(directory, INDEX_FILE_NAME + suffix), { force: true });
  const index = new LogIndex(directory);
  try {
    return index.catchUp(Number.POSITIVE_INFINITY, onProgress);
  } finally {
    index.close();
  }
}

function openIndex(path: string): DatabaseSync {
  const existed = existsSync(path);
  const database = new DatabaseSync(path);
  try {
    database.exec('pragma busy_timeout = 5000');
    database.exec('pragma journal_mode = wal');
    // What is lost at a power cut is taken in again from the log.
    database.exec('pragma synchronous = normal');
    database.exec('pragma secure_delete = on');
    database.exec('pragma cache_size = -65536');
    if (existed && versionOf(database) !== INDEX_VERSION) dropTables(database);
    database.exec(INDEX_SCHEMA);
    database.exec(`pragma user_version = ${INDEX_VERSION}`);
    return database;
  } catch (cause) {
    database.close();
    throw cause;
  }
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('pragma user_version').get()?.['user_version']);
}

function dropTables(database: DatabaseSync): void {
  for (const name of ['meta', 'entries', 'tags', 'rollup']) database.exec(`drop table if exists ${name}`);
}

function isTag({ sql }: Condition): boolean {
  return sql.startsWith('exists (select 1 from tags');
}

/** With nothing but a tag to go by, the tags are gone through and not the entries. */
function drivenByTag({ sql, parameters }: Condition): Condition {
  const inner = sql.replace(
    'exists (select 1 from tags t where t.idx = e.idx and',
    'e.idx in (select t.idx from tags t where',
  );
  return { sql: inner, parameters };
}

function entryAt(reader: StoreReader, index: number): LedgerEntry | undefined {
  for (const stored of reader.entries(index, index + 1)) {
    const reading = readEntry(stored);
    return reading.ok ? reading.value : undefined;
  }
  return undefined;
}

function hasText(entry: LedgerEntry, text: string | undefined): boolean {
  if (text === undefined) return true;
  const wanted = text.toLowerCase();
  return (
    JSON.stringify([entry.core, entry.fields]).toLowerCase().includes(wanted) ||
    renderEntry(entry).toLowerCase().includes(wanted)
  );
}

/** A cursor is for one filter: given with another it would skip entries without saying so. */
function filterKey(filter: LogFilter): string {
  const members = Object.entries(filter).filter(([, value]) => value !== undefined);
  return hash('sha256', JSON.stringify(members.sort()), 'base64url').slice(0, 11);
}

function cursorOf(before: number, key: string): string {
  return Buffer.from(`${before}.${key}`).toString('base64url');
}

/** A cursor that was not given by this query. */
export class CursorFault extends Error {}

function readCursor(cursor: string | undefined, key: string): number {
  if (cursor === undefined) return Number.MAX_SAFE_INTEGER;
  const found = /^(\d{1,16})\.(.+)$/.exec(Buffer.from(cursor, 'base64url').toString());
  if (found === null || found[2] !== key) throw new CursorFault('the cursor is of another query');
  return Number(found[1]);
}
