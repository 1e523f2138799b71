import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  JOURNAL_LENGTH_MAX,
  JOURNAL_ROW_LENGTH_MAX,
  JOURNAL_ROWS_DROPPED,
  JOURNAL_SLICE_MIN,
} from './limits.ts';

/** Cells by key; undefined where one was removed. */
export type CellChanges = ReadonlyMap<string, string | undefined>;

type CellChange = readonly [key: string, value: string | undefined];

/**
 * Changed cells go to the end of a journal and are moved into their table later, many at a time. Cells lie all over
 * their table: writing each where it belongs would make every commit write a page for every cell, while journal and
 * log grow at their ends only. The journal is a table of the same database: one transaction, one sync, and nothing to
 * repair after a crash but to read it again.
 *
 * Two generations: what is written now, and the one before, of which every commit moves a slice, neighbours together.
 * When that one has moved, its rows go, some with each commit, the oldest first: what is left of them says nothing that later
 * rows or the table do not say.
 */
export class Journal {
  readonly #statements: ReturnType<typeof prepare>;
  /** Changes of the transaction under way. */
  #changes = new Map<string, string | undefined>();
  #young = new Map<string, string | undefined>();
  #youngLength = 0;
  #youngKinds: Kinds = new Map();
  #old: CellChanges = new Map();
  #oldKinds: Kinds = new Map();
  /** Rows up to this one hold the old generation. */
  #oldSequence: number;
  /** What of the old generation the transactions so far have not moved yet. */
  #moving: Iterator<readonly [string, string | undefined]> | undefined;
  #sequence: number;
  /** Rows up to the second one are to go; those up to the first one have gone. */
  #dropped = { committed: 0, pending: 0, until: 0 };

  constructor(sqlite: DatabaseSync) {
    this.#statements = prepare(sqlite);
    const { changes, firstSequence, sequence } = readJournal(sqlite);
    this.#old = changes;
    for (const key of changes.keys()) addKind(this.#oldKinds, key);
    this.#sequence = sequence;
    this.#oldSequence = sequence;
    const before = Math.max(0, firstSequence - 1);
    this.#dropped = { committed: before, pending: before, until: before };
    if (changes.size > 0) this.#moving = neighboursTogether(changes);
  }

  /** The committed value of a cell; `stored` gives those that the journal does not hold. */
  value(key: string, stored: (key: string) => string | undefined): string | undefined {
    const young = this.#young.get(key);
    if (young !== undefined || this.#young.has(key)) return young;
    const old = this.#old.get(key);
    return old !== undefined || this.#old.has(key) ? old : stored(key);
  }

  /** A cell as it lies in the table. */
  stored(key: string): string | undefined {
    const row = this.#statements.get.get(key);
    return row === undefined ? undefined : String(row['value']);
  }

  /** Keys of what the transaction under way writes. */
  get changed(): Iterable<string> {
    return this.#changes.keys();
  }

  /** Committed cells whose key starts with `prefix`, in key order; those behind the key `after`. */
  cells(prefix: string, after?: string): Iterable<readonly [key: string, value: string]> {
    const generations = [
      ofKind(this.#old, this.#oldKinds, prefix),
      ofKind(this.#young, this.#youngKinds, prefix),
    ];
    return mergedCells(this.#statements.cells, prefix, generations, after);
  }

  /** Notes what the transaction under way writes; undefined where it removes. */
  change(key: string, value: string | undefined): void {
    this.#changes.set(key, value);
  }

  /** Writes the changes and moves a slice of what was written before; to be called before the commit. */
  write(clockMs: number, clockMoved: boolean): void {
    if (this.#changes.size === 0 && !clockMoved) return;
    for (const text of journalTexts(this.#changes)) {
      this.#sequence += 1;
      this.#statements.append.run(this.#sequence, clockMs, text);
    }
    this.#move(Math.max(JOURNAL_SLICE_MIN, 2 * this.#changes.size));
    this.#drop();
  }

  /** What was written is durable now. */
  committed(): void {
    if (this.#moving === undefined && this.#old.size > 0) {
      this.#old = NOTHING;
      this.#oldKinds = new Map();
    }
    this.#dropped.committed = this.#dropped.pending;
    for (const [key, value] of this.#changes) {
      this.#young.set(key, value);
      addKind(this.#youngKinds, key);
      this.#youngLength += key.length + (value?.length ?? 0);
    }
    this.#changes = new Map();
    if (this.#youngLength < JOURNAL_LENGTH_MAX || this.#moving !== undefined) return;
    this.#old = this.#young;
    this.#oldKinds = this.#youngKinds;
    this.#youngKinds = new Map();
    this.#oldSequence = this.#sequence;
    this.#moving = neighboursTogether(this.#old);
    this.#young = new Map();
    this.#youngLength = 0;
  }

  /** The transaction has ended otherwise: nothing of it is there, and the old generation moves from its beginning. */
  rolledBack(): void {
    this.#changes = new Map();
    this.#moving = this.#old.size > 0 ? neighboursTogether(this.#old) : undefined;
    this.#dropped.pending = this.#dropped.committed;
    if (this.#moving !== undefined) this.#dropped.until = this.#dropped.committed;
  }

  /** Moves everything; to be called in a transaction of its own, after which the journal is used no more. */
  drain(): void {
    this.#move(Number.POSITIVE_INFINITY);
    for (const [key, value] of this.#young) this.#put(key, value);
    this.#statements.drop.run(this.#sequence);
  }

  #move(count: number): void {
    for (let moved = 0; this.#moving !== undefined && moved < count; moved += 1) {
      const next = this.#moving.next();
      if (next.done === true) {
        this.#moving = undefined;
        this.#dropped.until = this.#oldSequence;
      } else this.#put(next.value[0], next.value[1]);
    }
  }

  #drop(): void {
    const { pending, until } = this.#dropped;
    if (pending >= until) return;
    this.#dropped.pending = Math.min(until, pending + JOURNAL_ROWS_DROPPED);
    this.#statements.drop.run(this.#dropped.pending);
  }

  #put(key: string, value: string | undefined): void {
    if (value === undefined) this.#statements.remove.run(key);
    else this.#statements.put.run(key, value);
  }
}

const NOTHING: CellChanges = new Map();

/** Keys by their first part, so that a list of few cells does not look at all that changed. */
type Kinds = Map<string, Set<string>>;

function addKind(kinds: Kinds, key: string): void {
  const kind = key.slice(0, key.indexOf('/') + 1);
  const keys = kinds.get(kind);
  if (keys === undefined) kinds.set(kind, new Set([key]));
  else keys.add(key);
}

/** Changes that a prefix can meet: those of its kind, where it names one. */
function* ofKind(changes: CellChanges, kinds: Kinds, prefix: string): Generator<CellChange> {
  const end = prefix.indexOf('/') + 1;
  if (end === 0) yield* changes;
  else for (const key of kinds.get(prefix.slice(0, end)) ?? []) yield [key, changes.get(key)];
}

/** Characters of a key's second part that cells which lie side by side have in common: the shard, where there is one. */
const SHARD_LENGTH = 2;

/** Changes so ordered that cells of one kind and shard come together: they lie on few pages. */
function* neighboursTogether(changes: CellChanges): Generator<readonly [string, string | undefined]> {
  const places = new Map<string, (readonly [string, string | undefined])[]>();
  for (const change of changes) {
    const [key] = change;
    const place = key.slice(0, key.indexOf('/') + 1 + SHARD_LENGTH);
    const there = places.get(place);
    if (there === undefined) places.set(place, [change]);
    else there.push(change);
  }
  for (const there of places.values()) yield* there;
}

export const CELLS = 'select key, value from cells where key >= ? order by key';

function prepare(sqlite: DatabaseSync) {
  return {
    get: sqlite.prepare('select value from cells where key = ?'),
    cells: sqlite.prepare(CELLS),
    put: sqlite.prepare(
      'insert into cells values (?, ?) on conflict (key) do update set value = excluded.value',
    ),
    remove: sqlite.prepare('delete from cells where key = ?'),
    append: sqlite.prepare('insert into journal values (?, ?, ?)'),
    drop: sqlite.prepare('delete from journal where seq <= ?'),
  };
}

/** What the journal of these files holds, the latest value of each cell, and when its last row was written. */
export function readJournal(sqlite: DatabaseSync): {
  readonly changes: CellChanges;
  /** The first row, and the last. */
  readonly firstSequence: number;
  readonly sequence: number;
  readonly clockMs: number;
} {
  const changes = new Map<string, string | undefined>();
  if (!hasJournal(sqlite)) return { changes, firstSequence: 0, sequence: 0, clockMs: 0 };
  let firstSequence = 0;
  let sequence = 0;
  let clockMs = 0;
  for (const row of sqlite.prepare('select seq, clock_ms, changes from journal order by seq').iterate()) {
    sequence = Number(row['seq']);
    if (firstSequence === 0) firstSequence = sequence;
    clockMs = Number(row['clock_ms']);
    readChanges(String(row['changes']), changes);
  }
  return { changes, firstSequence, sequence, clockMs };
}

/** Files of an earlier version have none. */
function hasJournal(sqlite: DatabaseSync): boolean {
  return (
    sqlite.prepare("select 1 from sqlite_schema where type = 'table' and name = 'journal'").get() !==
    undefined
  );
}

/** Changes as text: lengths of keys and values (-1 where a cell is removed) as JSON, a line break, all texts. */
function journalTexts(changes: CellChanges): readonly string[] {
  const rows: string[] = [];
  let lengths: number[] = [];
  let texts = '';
  const end = (): void => {
    rows.push(`[${lengths.join(',')}]\n${texts}`);
    lengths = [];
    texts = '';
  };
  for (const [key, value] of changes) {
    if (texts.length > JOURNAL_ROW_LENGTH_MAX) end();
    lengths.push(key.length, value?.length ?? -1);
    texts += value === undefined ? key : key + value;
  }
  if (lengths.length > 0 || rows.length === 0) end();
  return rows;
}

function readChanges(text: string, changes: Map<string, string | undefined>): void {
  let position = text.indexOf('\n') + 1;
  const lengths: readonly number[] = JSON.parse(text.slice(0, position));
  for (let index = 0; index < lengths.length; index += 2) {
    const [keyLength = 0, valueLength = -1] = lengths.slice(index, index + 2);
    const key = text.slice(position, position + keyLength);
    position += keyLength;
    changes.set(key, valueLength < 0 ? undefined : text.slice(position, position + valueLength));
    position += Math.max(0, valueLength);
  }
  if (position !== text.length) throw new RangeError('a row of the journal cannot be read');
}

/** Cells in key order (by code point, as SQLite compares UTF-8), later generations before the table. */
export function* mergedCells(
  statement: StatementSync,
  prefix: string,
  generations: readonly Iterable<CellChange>[],
  after?: string,
): Generator<readonly [key: string, value: string]> {
  const isWanted = (key: string): boolean =>
    key.startsWith(prefix) && (after === undefined || isBefore(after, key));
  const changed = new Map<string, string | undefined>();
  for (const generation of generations) {
    for (const [key, value] of generation) if (isWanted(key)) changed.set(key, value);
  }
  const keys = [...changed.keys()].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  let next = 0;
  const start = after !== undefined && isBefore(prefix, after) ? after : prefix;
  for (const row of statement.iterate(start)) {
    const key = String(row['key']);
    if (key === after) continue;
    if (!key.startsWith(prefix)) break;
    for (; next < keys.length && isBefore(keys[next] as string, key); next += 1) {
      const value = changed.get(keys[next] as string);
      if (value !== undefined) yield [keys[next] as string, value];
    }
    if (keys[next] === key) {
      const value = changed.get(key);
      if (value !== undefined) yield [key, value];
      next += 1;
    } else yield [key, String(row['value'])];
  }
  for (; next < keys.length; next += 1) {
    const value = changed.get(keys[next] as string);
    if (value !== undefined) yield [keys[next] as string, value];
  }
}

function isBefore(one: string, other: string): boolean {
  return one !== other && Buffer.compare(Buffer.from(one), Buffer.from(other)) < 0;
}
