import type { StoredEntry } from '@writ/store';
import type { EntryKind, LedgerEntry, PersonalField } from './entry.ts';
import { readEntry } from './read-entry.ts';

/** Where entries are read from: a `Store` or a `StoreReader`. */
export interface EntrySource {
  entries(from: number, to: number): Promise<readonly StoredEntry[]> | Iterable<StoredEntry>;
  logSize(): Promise<number> | number;
}

/** What an entry must be; absent members ask nothing. Members of personal fields match the whole value. */
export interface EntryFilter {
  readonly kind?: EntryKind;
  readonly outcome?: string;
  readonly code?: string;
  readonly decision_id?: string;
  readonly approval_id?: string;
  readonly tenant?: string;
  readonly principal?: string;
  readonly actor?: string;
  readonly session?: string;
  readonly tool?: string;
  readonly server?: string;
  /** RFC 3339 instants: from inclusive, to exclusive. */
  readonly from?: string;
  readonly to?: string;
}

/** Entries read at a time, from the end backwards. */
const PAGE = 500;

/** The latest `count` entries that match, oldest first. Reads backwards until it has them: without an index, by scan. */
export async function tailEntries(
  source: EntrySource,
  count: number,
  filter: EntryFilter = {},
): Promise<readonly LedgerEntry[]> {
  const matches = matcherOf(filter);
  const found: LedgerEntry[] = [];
  for (let end = await source.logSize(); end > 0 && found.length < count; end -= PAGE) {
    const page = await readPage(source, Math.max(0, end - PAGE), end);
    found.unshift(...page.filter(matches).slice(found.length - count));
  }
  return found;
}

/** Entries from `from` on that match, oldest first, at most `limit`; `next` is where to go on reading. */
export async function readEntries(
  source: EntrySource,
  from: number,
  limit: number,
  filter: EntryFilter = {},
): Promise<{ readonly entries: readonly LedgerEntry[]; readonly next: number }> {
  const matches = matcherOf(filter);
  const size = await source.logSize();
  const entries: LedgerEntry[] = [];
  let next = from;
  while (next < size && entries.length < limit) {
    for (const entry of await readPage(source, next, Math.min(size, next + PAGE))) {
      if (entries.length === limit) break;
      next = entry.index + 1;
      if (matches(entry)) entries.push(entry);
    }
  }
  return { entries, next: Math.max(next, from) };
}

/** Everything that is recorded of one decision: itself, its approval steps, its result. */
export async function showDecision(source: EntrySource, decisionId: string): Promise<readonly LedgerEntry[]> {
  return tailEntries(source, Number.MAX_SAFE_INTEGER, { decision_id: decisionId });
}

async function readPage(source: EntrySource, from: number, to: number): Promise<readonly LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for (const stored of await source.entries(from, to)) {
    const reading = readEntry(stored);
    entries.push(reading.ok ? reading.value : unreadable(stored.index, reading.message));
  }
  return entries;
}

/** An entry that cannot be read is shown as what it is rather than left out. */
function unreadable(index: number, message: string): LedgerEntry {
  return {
    index,
    time: '',
    trust: 'cooperative',
    core: { kind: 'malformed', event: 'unreadable_entry' },
    fields: { message },
    erased: [],
  };
}

const FIELD_FILTERS = [
  'tenant',
  'principal',
  'actor',
  'session',
  'tool',
  'server',
] as const satisfies readonly PersonalField[];

function matcherOf(filter: EntryFilter): (entry: LedgerEntry) => boolean {
  const { kind, outcome, code, decision_id, approval_id, from, to } = filter;
  const fromMs = from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(from);
  const toMs = to === undefined ? Number.POSITIVE_INFINITY : Date.parse(to);
  const timed = from !== undefined || to !== undefined;
  return ({ time, core, fields }) =>
    (kind === undefined || core.kind === kind) &&
    (outcome === undefined || core.outcome === outcome) &&
    (code === undefined || core.codes?.includes(code) === true) &&
    (decision_id === undefined || core.decision_id === decision_id) &&
    (approval_id === undefined || core.approval_id === approval_id) &&
    FIELD_FILTERS.every((name) => filter[name] === undefined || fields[name] === filter[name]) &&
    (!timed || (Date.parse(time) >= fromMs && Date.parse(time) < toMs));
}
