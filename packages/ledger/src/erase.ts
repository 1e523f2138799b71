import type { Json } from '@writ/decision';
import type { Store, StoredEntry } from '@writ/store';
import { ERASURES_CELL } from './cells.ts';
import type { LedgerEntry, PersonalField, Trust } from './entry.ts';
import type { EraseRequest, EraseResult } from './erase-procedure.ts';
import { erasedTogether, eraseFromDetail, readEntry } from './read-entry.ts';
import { type SaltSource, sealFields } from './seal.ts';

/** Whose fields go, or how old ones. At least one of the first five is given; all that are given must hold. */
export interface ErasureTarget {
  readonly tenant?: string;
  readonly principal?: string;
  readonly actor?: string;
  readonly session?: string;
  /** RFC 3339 instant: entries from before it; records of erasures stay. */
  readonly before?: string;
  /** Absent: everything that lies beside the entries. */
  readonly fields?: readonly PersonalField[];
}

/** Who erases, why, and what the record of it is sealed with. */
export interface ErasureRecord {
  readonly by: string;
  readonly reason?: string;
  readonly trust: Trust;
  readonly salts: SaltSource;
}

export interface EraseReport {
  /** Entries that lost a field. */
  readonly entries: number;
  readonly fields: number;
  /** Positions of the entries that record it. */
  readonly recorded: readonly number[];
}

/** Entries read at a time. */
const PAGE = 1_000;
/** Entries named in one record: each with all its fields still fits a leaf. */
const ERASED_PER_ENTRY = 64;
/** Attempts against other erasures before this one gives up. */
const ATTEMPTS_MAX = 20;

const SELECTORS = ['tenant', 'principal', 'actor', 'session'] as const;

interface Erasure {
  readonly index: number;
  readonly detail: string;
  readonly fields: readonly PersonalField[];
}

/**
 * Erases what belongs to somebody from all entries that the log has now. Leaves and proofs stay; each part of the work
 * is durable together with the entry that says which fields of which entries went. Repeating it is harmless. Rejects
 * with the store's error, after which some parts may be done.
 */
export async function eraseEntries(
  store: Store,
  target: ErasureTarget,
  record: ErasureRecord,
): Promise<EraseReport> {
  const selectors = SELECTORS.filter((name) => target[name] !== undefined);
  if (selectors.length === 0 && target.before === undefined)
    throw new TypeError('an erasure names whose fields go');
  const size = await store.logSize();
  const recorded: number[] = [];
  let entries = 0;
  let fields = 0;
  for (let from = 0; from < size; from += PAGE) {
    const part = await erasePage(store, target, record, from, Math.min(size, from + PAGE));
    recorded.push(...part.recorded);
    entries += part.entries;
    fields += part.fields;
  }
  return { entries, fields, recorded };
}

async function erasePage(
  store: Store,
  target: ErasureTarget,
  record: ErasureRecord,
  from: number,
  to: number,
): Promise<EraseReport> {
  const recorded: number[] = [];
  let entries = 0;
  let fields = 0;
  for (let attempt = 0; ; ) {
    const expected = (await store.read(ERASURES_CELL)) ?? null;
    const found = (await store.entries(from, to)).flatMap((entry) => erasureOf(entry, target));
    const part = found.slice(0, ERASED_PER_ENTRY);
    if (part.length === 0) return { entries, fields, recorded };
    const result = await store.call<EraseRequest, EraseResult>(
      'ledger.erase',
      requestOf(part, target, record, expected),
    );
    if (result.ok) {
      recorded.push(result.index);
      entries += part.length;
      fields += part.reduce((sum, each) => sum + each.fields.length, 0);
    } else {
      attempt += 1;
      if (attempt === ATTEMPTS_MAX) throw new Error('other erasures kept coming between');
    }
  }
}

function erasureOf(entry: StoredEntry, target: ErasureTarget): readonly Erasure[] {
  const reading = readEntry(entry);
  if (!reading.ok || entry.detail === null || !isOf(reading.value, target)) return [];
  const names = target.fields ?? (Object.keys(reading.value.fields) as PersonalField[]);
  const fields = erasedTogether(entry.detail, names);
  if (fields.length === 0) return [];
  return [{ index: entry.index, detail: eraseFromDetail(entry.detail, names), fields }];
}

function isOf({ core, fields, time }: LedgerEntry, target: ErasureTarget): boolean {
  const { before } = target;
  if (before !== undefined && (time >= before || core.event === 'erasure')) return false;
  return SELECTORS.every((name) => target[name] === undefined || fields[name] === target[name]);
}

function requestOf(
  part: readonly Erasure[],
  target: ErasureTarget,
  { by, reason, trust, salts }: ErasureRecord,
  expected: string | null,
): EraseRequest {
  // Whose fields went is not said: it would bring back what was erased.
  const note: Json = {
    by,
    selected_by: [...SELECTORS, 'before' as const].filter((name) => target[name] !== undefined),
    ...(reason === undefined ? {} : { reason }),
  };
  return {
    expected,
    details: part.map(({ index, detail }) => [index, detail]),
    core: {
      kind: 'administrative',
      event: 'erasure',
      erases: part.map(({ index, fields }) => ({ index, fields })),
    },
    sealed: sealFields({ note }, salts),
    trust,
  };
}
